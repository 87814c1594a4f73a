import platform
import warnings

import pytest

from firth.errors import FirthWarning
from firth.jit import target


@pytest.fixture
def without_fma(monkeypatch):
    """A processor of any kind whose features are without FMA, and nothing warned of yet."""
    monkeypatch.setenv("NUMBA_CPU_FEATURES", "+sse2,+avx")
    target.warn_if_slow.cache_clear()
    yield monkeypatch
    target.warn_if_slow.cache_clear()


def warned():
    """What is warned of, every time."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        target.warn_if_slow()
    return [str(one.message) for one in caught if issubclass(one.category, FirthWarning)]


@pytest.mark.parametrize("machine", ["x86_64", "AMD64"])
def test_warn_if_slow__on_x86_without_fma_once_in_a_process(without_fma, machine):
    without_fma.setattr(platform, "machine", lambda: machine)
    (message,) = warned()
    assert "NUMBA_CPU_FEATURES" in message
    assert warned() == []


@pytest.mark.parametrize("machine", ["aarch64", "arm64"])
def test_warn_if_slow__not_on_arm_whose_fma_has_no_such_name(without_fma, machine):
    without_fma.setattr(platform, "machine", lambda: machine)
    assert warned() == []


def test_warn_if_slow__not_with_fma(without_fma):
    without_fma.setattr(platform, "machine", lambda: "x86_64")
    without_fma.setenv("NUMBA_CPU_FEATURES", "+sse2,+fma,+avx")
    assert warned() == []


def test_warn_if_slow__features_of_another_name_are_not_fma(without_fma):
    without_fma.setattr(platform, "machine", lambda: "x86_64")
    without_fma.setenv("NUMBA_CPU_FEATURES", "-fma,+fma4")
    assert len(warned()) == 1


@pytest.mark.skipif(not target.is_enabled(), reason="the compiler is off")
def test_kernel__that_is_loaded_warns_too(without_fma, monkeypatch):
    from firth.jit import cache
    from firth.jit.kernel import compiled

    @compiled
    def one():
        return 1

    without_fma.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(cache, "find", lambda name: (_ for _ in ()).throw(LookupError))
    with pytest.warns(FirthWarning, match="FMA"), pytest.raises(LookupError):
        one()
