"""Serves moto's simulated AWS on a free port, with the bucket that the store's own tests use."""

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
server.start()
host, port = server.get_host_and_port()
endpoint = f"http://{host}:{port}"
s3 = boto3.client(
    "s3",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="test",
    aws_secret_access_key="test",
)
s3.create_bucket(Bucket="rollcall-test")
print(f"endpoint: {endpoint}", flush=True)
try:
    server._thread.join()
except KeyboardInterrupt:
    server.stop()
