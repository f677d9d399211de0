package dbtest

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Environment is the variable that holds the URL of a PostgreSQL server for tests. Where it is not set, a test
// process starts a server of its own.
const Environment = "HAVEN_TEST_POSTGRES"

// BuffersEnvironment is the variable that holds what a server that is started keeps in memory, such as "2GB"; "": little, which is right for tests.
const BuffersEnvironment = "HAVEN_TEST_POSTGRES_BUFFERS"

// ErrNoPostgres says that this machine has no PostgreSQL server program.
var ErrNoPostgres = errors.New("no PostgreSQL server program here (looked in PATH and /usr/lib/postgresql); install postgresql and run make test")

// Server is a PostgreSQL server for tests, on a socket in a folder of its own, without syncing. It ends with the
// process that started it, however that ends.
type Server struct {
	URL    string
	dir    string
	bin    string
	keeper *exec.Cmd
	down   *bufio.Reader  // gives a line when the server was stopped for a restart
	alive  io.WriteCloser // while it is open the keeper keeps the server running
}

// keeper starts the server and waits until its input ends: when Stop closes the pipe, or the kernel does since
// our process is gone. Then it stops the server at once and removes the folder. The number it reads restarts the
// server instead.
const keeper = `
start() { "$1/postgres" -D "$2/data" </dev/null >>"$2/log" 2>&1 & server=$!; }
start "$1" "$2"
while read -r word; do
	kill -QUIT $server 2>/dev/null; wait $server
	echo down
	start "$1" "$2"
done
kill -QUIT $server 2>/dev/null; wait $server
cd / && rm -rf "$2"
`

const settings = `
listen_addresses = ''
unix_socket_directories = '%s'
fsync = off
full_page_writes = off
synchronous_commit = on
max_connections = 300
shared_buffers = %s
deadlock_timeout = 50ms
max_wal_size = 512MB
log_min_messages = fatal
log_min_error_statement = panic
`

// StartServer starts a PostgreSQL server and waits until it answers.
func StartServer() (*Server, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("/tmp", "haven-postgres-") // short, for a socket's path has at most 107 octets
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, bin: bin, URL: "postgres://haven@/postgres?host=" + url.QueryEscape(dir)}
	if err := s.launch(); err != nil {
		return nil, errors.Join(err, s.Stop(), os.RemoveAll(dir))
	}
	return s, nil
}

func (s *Server) launch() error {
	who, err := unprivileged()
	if err != nil {
		return err
	}
	if who != nil {
		if err := os.Chown(s.dir, int(who.Uid), int(who.Gid)); err != nil {
			return err
		}
	}
	data := filepath.Join(s.dir, "data")
	initdb := exec.Command(filepath.Join(s.bin, "initdb"), "-D", data, "-U", "haven", "-A", "trust",
		"-E", "UTF8", "--no-locale", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: who}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	conf, err := os.OpenFile(filepath.Join(data, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(conf, settings, s.dir, cmp.Or(os.Getenv(BuffersEnvironment), "64MB"))
	if err := errors.Join(err, conf.Close()); err != nil {
		return err
	}
	s.keeper = exec.Command("/bin/sh", "-c", keeper, "keeper", s.bin, s.dir)
	s.keeper.Dir = s.dir
	// A group of its own, so that Ctrl-C reaches us alone and the keeper can clean up.
	s.keeper.SysProcAttr = &syscall.SysProcAttr{Credential: who, Setpgid: true}
	if s.alive, err = s.keeper.StdinPipe(); err != nil {
		return err
	}
	out, err := s.keeper.StdoutPipe()
	if err != nil {
		return err
	}
	s.down = bufio.NewReader(out)
	if err := s.keeper.Start(); err != nil {
		return err
	}
	return s.wait()
}

// Restart stops the server as a crash would, starts it again, and waits until it answers.
func (s *Server) Restart() error {
	if _, err := io.WriteString(s.alive, "restart\n"); err != nil {
		return err
	}
	if _, err := s.down.ReadString('\n'); err != nil {
		return err
	}
	return s.wait()
}

// Stop ends the server and removes its folder.
func (s *Server) Stop() error {
	if s.keeper == nil || s.keeper.Process == nil {
		return nil
	}
	return errors.Join(s.alive.Close(), s.keeper.Wait())
}

// wait polls the server: it tells nobody when it is ready.
func (s *Server) wait() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.URL)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("PostgreSQL did not start: %w: %s", err, log)
		}
	}
}

// findPostgres finds the folder of the server's programs: that of initdb in PATH, or Debian's, newest first.
func findPostgres() (string, error) {
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			return filepath.Dir(p), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", ErrNoPostgres
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}

func version(initdb string) int {
	n, _ := strconv.Atoi(strings.Split(initdb, "/")[4])
	return n
}

// unprivileged is whom root runs the server as, which refuses to run as root; nil means ourselves.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL doesn't run as root, and there is neither a user postgres nor nobody")
}
