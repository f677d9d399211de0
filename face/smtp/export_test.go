package smtp

import "crypto/tls"

// ServerTLS is a server's TLS with a certificate of its own making.
func ServerTLS() *tls.Config { return testTLS() }
