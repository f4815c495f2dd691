"""The model that is trained: how it is loaded, attends, and is split into towers; the tiny one made from nothing."""
