"""S3 and CloudFront on a free port of this machine, until the program that started it ends.

python3 s3.py
"""

import os
import time

from moto.server import ThreadedMotoServer

started_by = os.getppid()
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
print(f"listening on http://{host}:{port}", flush=True)
while os.getppid() == started_by:
    time.sleep(0.2)
