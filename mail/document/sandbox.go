package document

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// filter is a program for the kernel (seccomp) that lets through the system calls it was made of, and answers EPERM to all others.
type filter []unix.SockFilter

// Where things stand in what the kernel shows a filter (struct seccomp_data).
const (
	dataCall = 0
	dataArch = 4
	dataArgs = 16
)

// reader is who reads a document once it is shut in.
type reader uint8

const (
	readHere      reader = iota // this process: Go's own needs, and the two files that it has open
	readByProgram               // a program that begins by loading itself and its libraries
)

// filterFor makes the filter. Sockets, signals to others, mounts, namespaces, tracing, io_uring and whatever else the lists lack are refused
// for both, and so is beginning another process; a program may open files besides, but not to write.
func filterFor(who reader) filter {
	const x32 = 0x40000000 // of amd64, where every call has a second number
	f := filter{
		load(dataArch), jump(unix.BPF_JEQ, auditArch, 1, 0), give(unix.SECCOMP_RET_KILL_PROCESS),
		load(dataCall), jump(unix.BPF_JGE, x32, 0, 1), give(unix.SECCOMP_RET_KILL_PROCESS),
		// The C library takes ENOSYS as the word to use the older call, whose flags can be seen.
		jump(unix.BPF_JEQ, unix.SYS_CLONE3, 0, 1), give(unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)),
	}
	// Threads may begin, processes may not. Go begins one when it likes, also while it turns into a program.
	f = append(f, jump(unix.BPF_JEQ, unix.SYS_CLONE, 0, 4), load(dataArgs),
		jump(unix.BPF_JSET, unix.CLONE_THREAD, 1, 0), give(unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM)), give(unix.SECCOMP_RET_ALLOW))
	f = append(f, jump(unix.BPF_JEQ, unix.SYS_TGKILL, 0, 4), load(dataArgs), // signals to its own threads, and to nobody else
		jump(unix.BPF_JEQ, uint32(unix.Getpid()), 1, 0), give(unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM)), give(unix.SECCOMP_RET_ALLOW))
	calls := commonCalls
	if who == readByProgram {
		calls = append(append([]uint32{}, commonCalls...), programCalls...)
		f = append(f, jump(unix.BPF_JEQ, unix.SYS_OPENAT, 0, 4), load(dataArgs+2*8),
			jump(unix.BPF_JSET, unix.O_WRONLY|unix.O_RDWR|unix.O_CREAT|unix.O_TRUNC, 0, 1), give(unix.SECCOMP_RET_ERRNO|uint32(unix.EACCES)), give(unix.SECCOMP_RET_ALLOW),
			jump(unix.BPF_JEQ, unix.SYS_PRLIMIT64, 0, 4), load(dataArgs), // its own limits, and nobody else's
			jump(unix.BPF_JEQ, 0, 1, 0), give(unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM)), give(unix.SECCOMP_RET_ALLOW))
	}
	for _, c := range calls {
		f = append(f, jump(unix.BPF_JEQ, c, 0, 1), give(unix.SECCOMP_RET_ALLOW))
	}
	return append(f, give(unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM)))
}

func load(at uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
}

// jump skips so many instructions if the test holds, and so many if it doesn't.
func jump(test uint16, k uint32, holds, fails uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | test | unix.BPF_K, K: k, Jt: holds, Jf: fails}
}

func give(verdict uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: verdict}
}

// commonCalls are what Go's runtime needs once it runs, and every program: memory, time, its own threads' signals, what is open.
var commonCalls = append([]uint32{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_CLOSE, unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_FSTAT, unix.SYS_LSEEK, unix.SYS_FCNTL, unix.SYS_PPOLL,
	unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MPROTECT, unix.SYS_MADVISE, unix.SYS_MREMAP, unix.SYS_BRK, unix.SYS_MINCORE,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
	unix.SYS_FUTEX, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_GETTIMEOFDAY, unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY,
	unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_GETRANDOM, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_SET_TID_ADDRESS,
	unix.SYS_EPOLL_PWAIT, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_CREATE1, unix.SYS_EVENTFD2, unix.SYS_PIPE2,
}, ownCalls...)

// programCalls are what a program needs to begin and to read files.
var programCalls = append([]uint32{
	unix.SYS_EXECVE, unix.SYS_PREAD64, unix.SYS_READV, unix.SYS_WRITEV, unix.SYS_NEWFSTATAT, unix.SYS_STATX, unix.SYS_FACCESSAT, unix.SYS_FACCESSAT2, unix.SYS_READLINKAT,
	unix.SYS_GETDENTS64, unix.SYS_IOCTL, unix.SYS_DUP, unix.SYS_DUP3, unix.SYS_FADVISE64, unix.SYS_GETCWD, unix.SYS_UNAME, unix.SYS_SYSINFO,
	unix.SYS_GETUID, unix.SYS_GETEUID, unix.SYS_GETGID, unix.SYS_GETEGID, unix.SYS_GETRUSAGE, unix.SYS_TIMES, unix.SYS_FSTATFS, unix.SYS_STATFS,
}, ownProgramCalls...)

// shutIn puts f over every thread of the process, for good, and over what it becomes; nothing in it gains rights by a program any more.
func shutIn(f filter) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}
	r, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	switch {
	case errno != 0:
		return errno
	case r != 0:
		return fmt.Errorf("thread %d can't be shut in", r)
	}
	return nil
}

// places are what a program that reads documents may read: programs, libraries, fonts' names. All else, the service's data above
// all, is closed to it.
var places = []string{"/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/fonts"}

// readOnlyPrograms leaves this thread, and what it becomes, nothing of the file system but places, for reading. Where the kernel has no
// Landlock nothing changes: writing is refused by the filter, and reading by who owns a file.
func readOnlyPrograms() error {
	const file, folder = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE, unix.LANDLOCK_ACCESS_FS_READ_DIR
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	all := unix.LandlockRulesetAttr{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1} // what the first version knows
	const firstSize = 8
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&all)), firstSize, 0)
	if errno == unix.ENOSYS || errno == unix.EOPNOTSUPP || errno == unix.EPERM {
		return nil
	}
	if errno != 0 {
		return errno
	}
	defer unix.Close(int(fd))
	for _, p := range places {
		access := uint64(file | folder)
		if st, err := os.Stat(p); err != nil {
			continue
		} else if !st.IsDir() {
			access = file
		}
		if err := allowPlace(int(fd), p, access); err != nil {
			return err
		}
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

func allowPlace(ruleset int, path string, access uint64) error {
	at, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(at)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	err = unix.Close(at)
	if errno != 0 {
		return errors.Join(errno, err)
	}
	return err
}
