package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"haven/bench/load"
)

// side is a server under measure.
type side struct {
	name   string
	target load.Target
	mu     sync.Mutex // guards process, which kill may look at while again replaces it
	*process

	// again ends the side and starts it with the data that it has, so that its memory holds nothing of what was
	// done before; nil where every session has a process of its own.
	again func() error
}

// process is what a side runs as.
type process struct {
	cmd   *exec.Cmd
	input io.Closer // the pair ends when this is closed
	ended chan error
	once  sync.Once
}

const startPatience = 3 * time.Minute

// start runs cmd in a process group of its own, which is killed should this process die.
func start(name string, cmd *exec.Cmd) (*side, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p := &process{cmd: cmd, ended: make(chan error, 1)}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.ended <- cmd.Wait() }() // ends with the process, which stop waits for
	return &side{name: name, process: p}, nil
}

// stop asks the process to end, and makes it after half a minute.
func (p *process) stop() (err error) {
	p.once.Do(func() {
		if p.input != nil {
			err = p.input.Close()
		} else {
			err = p.cmd.Process.Signal(syscall.SIGTERM)
		}
		select {
		case <-p.ended:
		case <-time.After(30 * time.Second):
			p.kill()
			<-p.ended
		}
		if errors.Is(err, os.ErrProcessDone) || errors.Is(err, os.ErrClosed) {
			err = nil
		}
	})
	return err
}

// kill ends Haven at once. The pair's script is let go instead, since only it knows how to end its daemons.
func (p *process) kill() {
	if p.input != nil {
		_ = p.input.Close() // closed already by stop
		return
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // gone already
}

// interrupt ends the side from another goroutine than the one that measures.
func (s *side) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kill()
}

// startHaven runs the demo with users for load and waits until it says that it listens.
func startHaven(ctx context.Context, program, dir string) (*side, error) {
	offset, err := freeOffset()
	if err != nil {
		return nil, err
	}
	args := []string{"demo", "--data", filepath.Join(dir, "haven"), "--load-users", strconv.Itoa(people), "--port-offset", strconv.Itoa(offset)}
	s, err := runHaven(ctx, program, dir, append(args, "--fresh"))
	if err != nil {
		return nil, err
	}
	s.again = func() error {
		if err := s.stop(); err != nil {
			return err
		}
		next, err := runHaven(ctx, program, dir, args)
		if err == nil {
			s.mu.Lock()
			s.process, s.target = next.process, next.target
			s.mu.Unlock()
		}
		return errors.Join(err, ctx.Err())
	}
	return s, nil
}

func runHaven(ctx context.Context, program, dir string, args []string) (*side, error) {
	log, err := os.Create(filepath.Join(dir, "haven.out"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	demo := filepath.Join(dir, "haven", "demo.json")
	if err := os.Remove(demo); err != nil && !errors.Is(err, os.ErrNotExist) { // an earlier one's
		return nil, err
	}
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	s, err := start("Haven", cmd)
	if err != nil {
		return nil, err
	}
	if s.target, err = s.awaitDemo(ctx, demo); err != nil {
		text, _ := os.ReadFile(log.Name()) // only to say more
		return nil, errors.Join(err, s.stop(), errors.New(tail(string(text))))
	}
	return s, nil
}

// awaitDemo waits for the file by which the demo says that everything listens. A file can't be waited for; it is looked for.
func (s *side) awaitDemo(ctx context.Context, file string) (load.Target, error) {
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	limit := time.After(startPatience)
	for {
		text, err := os.ReadFile(file)
		if err == nil {
			return s.demoTarget(text)
		}
		select {
		case <-look.C:
		case err := <-s.ended:
			s.ended <- err
			return load.Target{}, fmt.Errorf("haven demo ended: %w", err)
		case <-limit:
			return load.Target{}, errors.New("haven demo doesn't listen after three minutes")
		case <-ctx.Done():
			return load.Target{}, ctx.Err()
		}
	}
}

func (s *side) demoTarget(text []byte) (load.Target, error) {
	var demo struct {
		Ports  map[string]int `json:"ports"`
		Portal string         `json:"portal"`
		People []struct {
			Address  string `json:"address"`
			Password string `json:"password"`
		} `json:"people"`
		LoadUsers struct {
			Pattern  string `json:"pattern"`
			Count    int    `json:"count"`
			Password string `json:"password"`
		} `json:"load_users"`
	}
	if err := json.Unmarshal(text, &demo); err != nil {
		return load.Target{}, err
	}
	if demo.LoadUsers.Count < people {
		return load.Target{}, fmt.Errorf("the demo has %d users for load, and %d are needed", demo.LoadUsers.Count, people)
	}
	var people []load.Person
	for _, p := range demo.People {
		people = append(people, load.Person{User: p.Address, Password: p.Password})
	}
	pid := s.cmd.Process.Pid
	return load.Target{Web: demo.Portal, People: people, SMTP: local(demo.Ports["smtp"]), IMAP: local(demo.Ports["imap"]), IMAPS: local(demo.Ports["imaps"]),
		User: demo.LoadUsers.Pattern, Users: users, Password: demo.LoadUsers.Password, PIDs: func() []int { return []int{pid} }}, nil
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// freeOffset finds an offset at which none of the demo's ports is taken.
func freeOffset() (int, error) {
	for offset := 20_000; offset < 50_000; offset += 331 {
		free := true
		for _, port := range []int{2525, 2587, 2465, 2143, 2993, 4190, 8080} {
			l, err := net.Listen("tcp", local(port+offset))
			if err != nil {
				free = false
				break
			}
			free = l.Close() == nil && free
		}
		if free {
			return offset, nil
		}
	}
	return 0, errors.New("no free ports")
}

// freePorts gives n ports that nobody had a moment ago.
func freePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // only once all are found, so that none is found twice
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// startPair runs Postfix and Dovecot on free ports. They end when the pipe to their script does.
func startPair(ctx context.Context, script, dir string) (*side, error) {
	const password = "pw"
	ports, err := freePorts(4)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "pair")
	cmd := exec.Command(script, "run", strconv.Itoa(users))
	cmd.Env = append(os.Environ(), "PEER_DIR="+data, "PEER_PASSWORD="+password, fmt.Sprintf("PEER_SMTP=%d", ports[0]),
		fmt.Sprintf("PEER_LMTP=%d", ports[1]), fmt.Sprintf("PEER_IMAP=%d", ports[2]), fmt.Sprintf("PEER_IMAPS=%d", ports[3]))
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s, err := start("Postfix+Dovecot", cmd)
	if err != nil {
		return nil, err
	}
	s.input = input
	s.target = load.Target{SMTP: local(ports[0]), IMAP: local(ports[2]), IMAPS: local(ports[3]), User: "user%d@bench.test", Users: users,
		Password: password, PIDs: func() []int { return below(masters(data)) }}
	stop := context.AfterFunc(ctx, s.interrupt)
	defer stop()
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "ready") {
		return nil, errors.Join(fmt.Errorf("the pair doesn't start (make bench installs it): %q", line), err, s.stop())
	}
	return s, nil
}

// masters are the pair's first processes.
func masters(data string) (pids []int) {
	for _, file := range []string{"dovecot/master.pid", "postfix/queue/pid/master.pid"} {
		text, err := os.ReadFile(filepath.Join(data, file))
		if err != nil {
			continue // it has ended
		}
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// below is the processes given and all that descend from them.
func below(pids []int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is right
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it ended meanwhile
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file))) // the pattern lets only numbers through
		// The name, in brackets, may hold anything; after it come the state and the parent.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) > 1 {
			if parent, err := strconv.Atoi(fields[1]); err == nil {
				children[parent] = append(children[parent], pid)
			}
		}
	}
	all := pids
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// tail is the last lines of a text.
func tail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}
