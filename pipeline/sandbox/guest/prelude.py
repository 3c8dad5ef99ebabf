# What a tested program finds imported, as the judges of programming contests have it.
# It runs before the program and in the same scope, and imports nothing of ours. There
# is no docstring, because that would become the program's. Built-in functions win over
# those of operator and math that have their names, such as pow.
# ruff: noqa: F401, F403
# mypy: ignore-errors
import bisect
import collections
import copy
import datetime
import functools
import heapq
import itertools
import json
import math
import operator
import random
import re
import string
import sys
from bisect import *
from collections import *
from copy import deepcopy
from functools import *
from heapq import *
from itertools import *
from math import *
from operator import *
from string import *
from typing import *

inf = float("inf")


class ListNode:
    def __init__(self, val=0, next=None):
        self.val = val
        self.next = next


class TreeNode:
    def __init__(self, val=0, left=None, right=None):
        self.val = val
        self.left = left
        self.right = right
