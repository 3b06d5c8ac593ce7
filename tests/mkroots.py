#!/usr/bin/env python3
"""Write roots.c: subject names and public keys of the roots that AWS's certificates come from.

    python3 tests/mkroots.py [FOLDER] >roots.c

FOLDER has their files as Debian's ca-certificates installs them. Each is checked against the SHA-256
fingerprint below, as https://www.amazontrust.com/repository/ publishes it.
"""
import base64
import hashlib
import os
import sys

FOLDER = "/usr/share/ca-certificates/mozilla"
ROOTS = (
    ("Amazon_Root_CA_1",
     "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e"),
    ("Amazon_Root_CA_2",
     "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4"),
    ("Amazon_Root_CA_3",
     "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4"),
    ("Amazon_Root_CA_4",
     "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092"),
    ("Starfield_Services_Root_Certificate_Authority_-_G2",
     "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5"),
)
OID_RSA = bytes.fromhex("2a864886f70d010101")
CURVES = {bytes.fromhex("2a8648ce3d030107"): 23,  # P-256
          bytes.fromhex("2b81040022"): 24}        # P-384


def elements(der):
    """The DER elements in der: (tag, contents, the whole of it)."""
    at = 0
    while at < len(der):
        start, tag, n = at, der[at], der[at + 1]
        at += 2
        if n >= 128:
            size = n & 127
            n = int.from_bytes(der[at:at + size], "big")
            at += size
        at += n
        assert at <= len(der)
        yield tag, der[at - n:at], der[start:at]


def parts(der):
    """Subject as DER and (curve, key, exponent) of a certificate."""
    (_, cert, _), = elements(der)
    tbs = [e for e in elements(next(elements(cert))[1]) if e[0] != 0xA0]
    subject, spki = tbs[4][2], tbs[5][1]  # serial, algorithm, issuer, validity
    assert tbs[2][2] == subject
    (_, alg, _), (_, bits, _) = elements(spki)
    oids = [value for _, value, _ in elements(alg)]
    assert bits[0] == 0
    if oids[0] == OID_RSA:
        (_, key, _), = elements(bits[1:])
        n, e = [value.lstrip(b"\0") for _, value, _ in elements(key)]
        return subject, (0, n, e)
    return subject, (CURVES[oids[1]], bits[1:], b"\0\0\0")


def rows(data):
    return "\n".join("\t" + " ".join("0x%02x," % b for b in data[i:i + 15])
                     for i in range(0, len(data), 15))


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else FOLDER
    print('/* roots.c: see roots.h. Written by tests/mkroots.py: do not edit. */\n'
          '#include "roots.h"\n')
    table = []
    for i, (name, fingerprint) in enumerate(ROOTS):
        with open(os.path.join(folder, name + ".crt")) as f:
            der = base64.b64decode("".join(
                line for line in f if not line.startswith("-----")))
        if hashlib.sha256(der).hexdigest() != fingerprint:
            sys.exit("%s is another certificate" % name)
        dn, (curve, key, exponent) = parts(der)
        print("/* %s, SHA-256\n * %s */" % (name.replace("_", " "), fingerprint))
        for what, data in (("dn", dn), ("key", key)):
            print("static const unsigned char %s_%d[] = {\n%s\n};\n" % (what, i, rows(data)))
        table.append("\t{dn_%d, sizeof(dn_%d), %d, key_%d, sizeof(key_%d), {%s}},\n" % (
            i, i, curve, i, i, ", ".join("0x%02x" % b for b in exponent)))
    print("const struct root roots[] = {\n%s};\n" % "".join(table))
    print("const size_t n_roots = sizeof(roots) / sizeof(roots[0]);")


main()
