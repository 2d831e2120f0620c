"""The same routines against a cost model on simulated CPUs: throughput and latency, in model time."""
