"""The same bits on an ARM processor: firth's kernels compiled for one, and its trainings run under qemu."""
