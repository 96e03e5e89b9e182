"""Run ``python -m rulec.spark``."""

from rulec.spark.job import main

main()
