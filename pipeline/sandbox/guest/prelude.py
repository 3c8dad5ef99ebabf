# What a tested program finds imported, as the judges of programming contests have it.
# It runs before the program and in the same scope, and imports nothing of ours. There
# is no docstring, because that would become the program's.
# ruff: noqa: F401, F403
import bisect
import collections
import functools
import heapq
import itertools
import math
import operator
import random
import re
import string
import sys
from bisect import *  # type: ignore[no-redef]
from collections import *
from functools import *
from heapq import *
from itertools import *
from typing import *
