package document

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What the child says by its exit code. Any other is a fault of a program; a signal is the kernel's word.
const (
	codeRead       = 0
	codeUnderstood = 64 // it was not called as it must be
	codeUnreadable = 65 // the document is no such document, damaged or encrypted
	codeMissing    = 69 // the program that reads such documents isn't there
	codeOpen       = 71 // the child can't be shut in, so nothing was read
	codeMemory     = 75 // there was not enough
)

// childArgs is how the child is called.
type childArgs struct {
	kind   Kind
	limit  int
	memory uint64
	octets int64
	within time.Duration
}

func (a childArgs) words() []string {
	return []string{"--as", string(a.kind), "--limit", strconv.Itoa(a.limit), "--memory", strconv.FormatUint(a.memory, 10),
		"--octets", strconv.FormatInt(a.octets, 10), "--within", a.within.String()}
}

func parseChild(words []string) (a childArgs, err error) {
	f := flag.NewFlagSet("extract", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar((*string)(&a.kind), "as", "", "kind of document")
	f.IntVar(&a.limit, "limit", 0, "octets of text")
	f.Uint64Var(&a.memory, "memory", 0, "octets of memory")
	f.Int64Var(&a.octets, "octets", 0, "octets of the document")
	f.DurationVar(&a.within, "within", 0, "time of the processor")
	if err = f.Parse(words); err == nil && (f.NArg() > 0 || a.limit <= 0 || a.memory == 0 || a.octets <= 0 || a.within <= 0) {
		err = errors.New("a bound is missing")
	}
	return a, err
}

// Child is the whole of `haven extract`: it shuts itself in, reads a document from in, writes its text to out, and returns the exit code.
// On a document that another program reads it becomes that program.
func Child(words []string, in io.Reader, out, errOut io.Writer) int {
	a, err := parseChild(words)
	if err != nil {
		fmt.Fprintln(errOut, "haven extract: it is for haven serve alone:", err)
		return codeUnderstood
	}
	runtime.LockOSThread() // limits are the process's, but how nice it is belongs to a thread
	debug.SetMemoryLimit(int64(a.memory) * 3 / 4)
	if err := limitSelf(a); err != nil {
		fmt.Fprintln(errOut, "haven extract: limits:", err)
		return codeOpen
	}
	b, err := io.ReadAll(io.LimitReader(in, a.octets+1))
	if err != nil || int64(len(b)) > a.octets {
		return codeUnreadable
	}
	if p, ok := programFor(sniff(a.kind, b), b); ok {
		return become(p, b, a, errOut)
	}
	if err := shutIn(filterFor(readHere)); err != nil {
		fmt.Fprintln(errOut, "haven extract: sandbox:", err)
		return codeOpen
	}
	s, err := Extract(a.kind, b, a.limit)
	if s == "" && err != nil {
		return codeUnreadable
	}
	if _, err := io.WriteString(out, s); err != nil {
		return codeUnreadable
	}
	return codeRead
}

// limitSelf bounds what the process may take, before it reads anything. Go sets much address space apart that it never uses, so
// what counts is memory that can be written (RLIMIT_DATA).
func limitSelf(a childArgs) error {
	cpu := uint64((a.within + time.Second - 1) / time.Second)
	for _, l := range []struct {
		what int
		most uint64
	}{{unix.RLIMIT_CPU, cpu}, {unix.RLIMIT_DATA, a.memory}, {unix.RLIMIT_CORE, 0}, {unix.RLIMIT_NOFILE, 32}, {unix.RLIMIT_STACK, 8 << 20}} {
		if err := unix.Prlimit(0, l.what, &unix.Rlimit{Cur: l.most, Max: l.most}, nil); err != nil {
			return err
		}
	}
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // if memory is short, this process goes and not the service
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 15)                  // where that isn't allowed, it isn't needed
	return nil
}

// become turns into a program that reads the document from a file in memory: some of them have to go back and forth in it.
func become(p program, b []byte, a childArgs, errOut io.Writer) int {
	runtime.LockOSThread() // what shuts a thread in is carried over to the program that this thread becomes
	file, err := exec.LookPath(p.name)
	if err != nil {
		return codeMissing
	}
	if err := standardInput(b); err != nil {
		fmt.Fprintln(errOut, "haven extract: memory file:", err)
		return codeOpen
	}
	if err := unix.Prlimit(0, unix.RLIMIT_FSIZE, &unix.Rlimit{}, nil); err != nil {
		return codeOpen
	}
	if err := errors.Join(readOnlyPrograms(), shutIn(filterFor(readByProgram))); err != nil {
		fmt.Fprintln(errOut, "haven extract: sandbox:", err)
		return codeOpen
	}
	err = exchange(file, append([]string{p.name}, p.args...), []string{"LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin", "HOME=/"}, a.memory)
	fmt.Fprintln(errOut, "haven extract: exec:", err)
	return codeOpen
}

// exchange bounds the address space and turns into a program in one breath: of the space that Go sets apart for itself far more is taken
// already, so that nothing may ask for memory in between.
func exchange(file string, words, env []string, space uint64) error {
	path, err := syscall.BytePtrFromString(file)
	if err != nil {
		return err
	}
	argv, err := syscall.SlicePtrFromStrings(words)
	if err != nil {
		return err
	}
	envv, err := syscall.SlicePtrFromStrings(env)
	if err != nil {
		return err
	}
	limit := &unix.Rlimit{Cur: space, Max: space}
	if _, _, errno := unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_AS, uintptr(unsafe.Pointer(limit)), 0, 0, 0); errno != 0 {
		return errno
	}
	_, _, errno := unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&envv[0])))
	return errno
}

// standardInput puts octets into a file in memory, and that in the place of the standard input.
func standardInput(b []byte) error {
	fd, err := unix.MemfdCreate("document", unix.MFD_CLOEXEC)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), "document")
	defer f.Close()
	if _, err := io.Copy(f, bytes.NewReader(b)); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return unix.Dup3(fd, 0, 0)
}
