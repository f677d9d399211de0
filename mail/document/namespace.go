package document

import (
	"os"
	"syscall"
)

// apart gives a child a network of its own, without even a loopback, where the kernel lets anybody have namespaces. As in any user
// namespace it is the same user outside, and within it gives its rights up by its filter.
func apart(a *syscall.SysProcAttr) {
	a.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC
	uid, gid := os.Getuid(), os.Getgid()
	a.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
	a.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
	a.GidMappingsEnableSetgroups = false
}
