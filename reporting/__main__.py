"""``python -m reporting …``"""

import os

# Many small matrices: threads of the linear algebra lose more by sharing cores than they gain.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from reporting.cli import main

if __name__ == "__main__":
    main()
