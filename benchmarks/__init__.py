"""How quick it is: ``make bench``, or ``python -m benchmarks [NAME…]``.

Figures are compared by ratios to a calibration measured in the same run, so that the stored table means something on
another machine. What the numbers say and how they are measured: ``docs/explanation/performance.md``.
"""
