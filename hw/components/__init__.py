"""The streaming parts that an accelerator is made of.

Each part is a frozen spec. `compute` says in Python or NumPy integers what it does; `circuit` builds the Amaranth
component that does the same. All streams are `amaranth.lib.stream`: a payload holds until it is taken, and
`valid` never waits for `ready`.
"""
