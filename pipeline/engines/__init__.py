"""Engines that sample a language model: one file each, with a class `Engine`."""
