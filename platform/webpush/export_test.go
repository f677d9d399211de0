package webpush

import "syscall"

// Control is what every socket of a client is held against.
func (c *Client) Control(network, at string, raw syscall.RawConn) error {
	return c.control(network, at, raw)
}
