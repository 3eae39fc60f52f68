#!/bin/bash
# Asks a probe of the server in this container, and says with its exit code whether the answer is 200:
#   backstep-probe /livez | /readyz
# Bash speaks to the port itself, so that the image needs no HTTP client.
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/${BACKSTEP_PORT:-7411}"
printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "${1:-/livez}" >&3
answer=$(timeout 4 cat <&3)
echo "${answer##*$'\r\n\r\n'}"
[[ ${answer} == "HTTP/1.1 200 "* ]]
