package document

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

// Calls that this architecture has besides: none.
var ownCalls, ownProgramCalls []uint32
