package jmap

import "haven/platform/errs"

// socketURN is RFC 8887's capability.
const socketURN = "urn:ietf:params:jmap:websocket"

func socketCapability(v *visit) record {
	return record{"url": "ws" + v.origin()[len("http"):] + socketPath, "supportsPush": true}
}

func (v *visit) socket() error { return errs.E(errs.NotFound, "") }
