"""A key pair of minisign without a password, for tests alone."""

SIGNING_KEY = """\
untrusted comment: minisign encrypted secret key
RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAATLtbJOvENVfOpI5/IAdJc9mjVqUkdH/cF5HpFHcUUf+\
qPdkYdxk6UwA3yZeyi2eYqOzc6nXueIfarw3JHDhpUyWPEdF+NSY4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
"""
PUBLIC_KEY = """\
untrusted comment: minisign public key 5735C4EB245BBB4C
RWRMu1sk68Q1VwA3yZeyi2eYqOzc6nXueIfarw3JHDhpUyWPEdF+NSY4
"""
