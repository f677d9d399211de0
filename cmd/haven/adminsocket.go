package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// The service answers admin calls on a socket in its data folder that nobody else may open. A call is a line of JSON
// with the words, and the input; the answer is what is printed, and in the trailer how it ended and what belongs on the
// error output.

const (
	adminSocket   = "admin.sock"
	codeTrailer   = "Haven-Code"
	errorTrailer  = "Haven-Error"
	maxAdminWords = 64 << 10 // octets of the line
	maxAdminError = 16 << 10 // octets of what goes to the error output
	maxTrailer    = 64 << 10 // octets; an octet of the error takes up to three, and Go reads a trailer whole
	maxSocketPath = 100      // octets; a socket's address holds 107
)

var errNoService = errors.New("no service runs")

// socketIn is the path of a folder's socket, short enough for a socket's address, until release. Under a long path the
// folder is opened and named by its descriptor.
func socketIn(dir string) (path string, release func() error, err error) {
	if path = filepath.Join(dir, adminSocket); len(path) <= maxSocketPath {
		return path, func() error { return nil }, nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	path = fmt.Sprintf("/proc/self/fd/%d/%s", f.Fd(), adminSocket)
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return "", nil, errors.Join(fmt.Errorf("%s is too long for the socket of haven admin; name a data folder of at most %d octets", dir, maxSocketPath-len(adminSocket)-1), f.Close())
	}
	return path, f.Close, nil
}

func (s *serving) startAdmin(context.Context) error {
	api, err := s.adminAPI()
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/admin", s.admin)
	mux.Handle("/admin/v1/", api.Local())
	path, release, err := socketIn(s.h.conf.Service.Data)
	if err != nil {
		return err
	}
	l, err := listenAlone(path)
	if err != nil {
		return errors.Join(fmt.Errorf("the socket for haven admin: %w", err), release())
	}
	ctx, cancel := context.WithCancel(context.Background())
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	s.onStop(func(ctx context.Context) error {
		cancel() // what takes long is done in steps, and goes on when it is run again
		return srv.Shutdown(ctx)
	})
	s.wg.Go(func() {
		err := srv.Serve(l)
		if !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("admin socket: %w", err)
		}
		_ = release() // a descriptor that was only read
	})
	return nil
}

// listenAlone listens at a path in the folder that this process holds the lock of: a socket that is there was left by a
// process that was killed.
func listenAlone(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (s *serving) admin(w http.ResponseWriter, r *http.Request) {
	in := bufio.NewReaderSize(r.Body, maxAdminWords)
	line, err := in.ReadSlice('\n')
	var words []string
	if err != nil || json.Unmarshal(line, &words) != nil {
		http.Error(w, "no call", http.StatusBadRequest)
		return
	}
	w.Header().Set("Trailer", codeTrailer+", "+errorTrailer)
	var told bytes.Buffer
	out := &flushing{w: w, flush: http.NewResponseController(w).Flush}
	code := s.adminCall(r.Context(), words, stdio{in: in, out: out, err: &told})
	w.Header().Set(codeTrailer, code)
	w.Header().Set(errorTrailer, url.QueryEscape(string(told.Bytes()[:min(told.Len(), maxAdminError)])))
}

// adminCall does what the words say, and returns how a command ends.
func (s *serving) adminCall(ctx context.Context, words []string, std stdio) (code string) {
	verb, rest, err := findVerb(words, std)
	if err == nil {
		err = runVerb(ctx, s.h, verb, rest, std)
	}
	switch {
	case err == nil, errors.Is(err, errHelp):
		return "0"
	case errors.Is(err, errUsage):
		return "2"
	}
	fmt.Fprint(std.err, explain(err))
	return "1"
}

// flushing sends each line as it is written, so that progress is seen.
type flushing struct {
	w     io.Writer
	flush func() error
}

func (f *flushing) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err == nil {
		err = f.flush()
	}
	return n, err
}

// serves reports whether a service answers in that data folder.
func serves(ctx context.Context, data string) bool {
	path, release, err := socketIn(data)
	if err != nil {
		return false
	}
	defer release()
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return false
	}
	_ = c.Close() // it was only asked whether somebody is there
	return true
}

// callService has a running service do it. The error is errNoService where none answers, errUsage for words that it did
// not understand, or what it says itself.
func callService(ctx context.Context, data string, words []string, std stdio) error {
	if !serves(ctx, data) {
		return cmp.Or(ctx.Err(), errNoService) // a call that was stopped can't tell whether somebody is there
	}
	path, release, err := socketIn(data)
	if err != nil {
		return err
	}
	defer release()
	line, err := json.Marshal(words)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{ReadBufferSize: maxTrailer, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://haven/admin", io.MultiReader(bytes.NewReader(append(line, '\n')), std.in))
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("the running service does not answer: %w", err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(std.out, resp.Body); err != nil {
		return fmt.Errorf("the running service broke off: %w", err)
	}
	return ended(resp, std)
}

// ended reads from the trailer how a call went.
func ended(resp *http.Response, std stdio) error {
	told, err := url.QueryUnescape(resp.Trailer.Get(errorTrailer))
	if err != nil {
		return fmt.Errorf("the running service speaks otherwise: %w", err)
	}
	switch resp.Trailer.Get(codeTrailer) {
	case "0":
		return nil
	case "1":
		return errors.New(told)
	case "2":
		fmt.Fprint(std.err, told)
		return errUsage
	}
	return errors.New("the running service broke off, or does not know this call; it may be of another version")
}
