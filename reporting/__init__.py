"""Reports of side effects after skin procedures: see README.md."""

import os

__version__ = "0.9.0"

# Many small matrices: threads of the linear algebra lose more by sharing cores than they gain, and where other
# sessions keep the cores busy they wait for each other in loops. Numpy reads this when it is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
