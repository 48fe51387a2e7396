"""``python -m reporting …``"""

import os

# The allocator of pyarrow would start a thread that clears up behind it; a command that forks wants to be alone.
os.environ.setdefault("JE_ARROW_MALLOC_CONF", "background_thread:false")

from reporting.app.cli import main

if __name__ == "__main__":
    main()
