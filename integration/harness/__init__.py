"""What the scenarios and the demo are made of: a private Postfix, connectord, next hops, clients, certificates.

Everything lives in one temporary folder and on loopback addresses. The system's Postfix, its queue and its
configuration are neither read nor changed.
"""
