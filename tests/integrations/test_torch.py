"""Layers of PyTorch: the same numbers as firth's, padding and unknown words in their rows."""

import numpy as np
import pytest

import firth

NEEDS = ["torch==2.13.0"]

torch = pytest.importorskip("torch", reason="needs PyTorch")


def test_to_torch__gives_each_word_its_vector(model):
    layer, rows = model.to_torch()
    assert isinstance(layer, torch.nn.Embedding)
    assert layer.weight.dtype == torch.float32
    ids = torch.tensor([[rows[word] for word in model.words]])
    np.testing.assert_array_equal(layer(ids)[0].numpy(), model.vectors)


def test_to_torch__padded_sentences_have_the_means_of_their_words(model):
    layer, rows = model.to_torch()
    sentences = [["the", "king"], ["queen"], ["the", "42", "unheard"]]
    ids = torch.nn.utils.rnn.pad_sequence(
        [torch.tensor([rows[word] for word in sentence]) for sentence in sentences], batch_first=True
    )
    assert ids.tolist() == [[2, 3, 0], [4, 0, 0], [2, 8, 1]]
    known = (ids > rows.unknown).sum(1, keepdim=True)
    means = [model.mean_vector(sentence, unknown="ignore", unit=False) for sentence in sentences]
    np.testing.assert_allclose((layer(ids).sum(1) / known).numpy(), means, rtol=1e-6)


def test_to_torch__cosines_are_firths(model):
    layer, rows = model.to_torch()
    king, queen = layer.weight[[rows["king"], rows["queen"]]]
    assert torch.cosine_similarity(king, queen, dim=0).item() == pytest.approx(model.similarity("king", "queen"))


def test_to_torch__is_frozen_unless_asked(model):
    assert not model.to_torch().layer.weight.requires_grad
    layer, rows = model.to_torch(freeze=False)
    before = layer.weight.detach().clone()
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.5)
    layer(torch.tensor([rows["king"], rows["unheard"], rows.padding])).sum().backward()
    optimizer.step()
    moved = (layer.weight.detach() - before).numpy()
    assert layer.padding_idx == rows.padding
    assert set(np.flatnonzero(moved.any(1)).tolist()) == {rows["king"], rows.unknown}  # padding stays zeros
    np.testing.assert_allclose(moved[rows["king"]], -0.5, rtol=1e-5)


def test_to_torch__of_a_mapped_model_can_be_trained_and_leaves_it_alone(model, tmp_path):
    model.save(tmp_path / "m")
    mapped = firth.load(tmp_path / "m")
    layer, _ = mapped.to_torch(freeze=False)  # torch warns of arrays that cannot be written to, and warnings are errors
    with torch.no_grad():
        layer.weight.fill_(7)
    np.testing.assert_array_equal(mapped.vectors, model.vectors)


def test_to_torch__goes_through_torchs_own_files(model, tmp_path):
    layer, rows = model.to_torch()
    torch.save(layer.state_dict(), tmp_path / "layer.pt")
    loaded = torch.nn.Embedding(len(model) + 2, model.vector_size, padding_idx=rows.padding)
    loaded.load_state_dict(torch.load(tmp_path / "layer.pt"))
    assert torch.equal(loaded.weight, layer.weight)


def test_to_torch__takes_the_words_of_a_task(model):
    layer, rows = model.to_torch(["queen", 42])
    assert dict(rows) == {"queen": 2, "42": 3}
    np.testing.assert_array_equal(layer.weight[2:].numpy(), model[["queen", "42"]])
