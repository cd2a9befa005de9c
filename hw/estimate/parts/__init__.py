"""What each folded part of an accelerator takes, a part a module."""
