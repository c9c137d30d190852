"""Prints UserSigs of the vendor's Python generator as a JSON list.

Reads from stdin a JSON list of {"sdkappid", "key", "user", "expire", "userbuf"}; `userbuf` may be absent.
"""

import json
import sys

from TLSSigAPIv2 import TLSSigAPIv2


def make(order):
    generator = TLSSigAPIv2(order["sdkappid"], order["key"])
    if "userbuf" in order:
        return generator.gen_sig_with_userbuf(order["user"], order["expire"], order["userbuf"].encode("utf-8"))
    return generator.gen_sig(order["user"], order["expire"])


print(json.dumps([make(order) for order in json.load(sys.stdin)]))
