package wrong_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"haven/e2e/stage"
)

// maxPSS is how much memory the service may have resident, however wrong the input.
const maxPSS = 400 << 20

// wire is a connection that sends and hears octets.
type wire struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func open(t *testing.T, h *stage.House, port string) *wire {
	t.Helper()
	var conn net.Conn
	var err error
	if port == "imaps" {
		conn, err = tls.Dial("tcp", h.Addr(port), h.TLS())
	} else {
		conn, err = net.Dial("tcp", h.Addr(port))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	w := &wire{t, conn, bufio.NewReader(conn)}
	w.hear()
	return w
}

func (w *wire) patience() {
	if err := w.SetDeadline(time.Now().Add(stage.Patience)); err != nil {
		w.t.Fatal(err)
	}
}

// line hears one line.
func (w *wire) line() string {
	w.t.Helper()
	line, err := w.r.ReadString('\n')
	if err != nil {
		w.t.Fatalf("the connection ended: %v (%q)", err, line)
	}
	return line
}

// hear hears an SMTP reply, or IMAP's greeting, and returns its last line.
func (w *wire) hear() string {
	w.t.Helper()
	w.patience()
	for {
		if line := w.line(); len(line) < 4 || line[3] != '-' {
			return line
		}
	}
}

// say says an SMTP line and hears the reply.
func (w *wire) say(line string) string {
	w.t.Helper()
	w.patience()
	if _, err := io.WriteString(w, line+"\r\n"); err != nil {
		w.t.Fatal(err)
	}
	return w.hear()
}

// deliver sends text, ended already by its own CRLF "." CRLF, and returns the reply.
func (w *wire) deliver(to, text string) string {
	w.t.Helper()
	for _, line := range []string{"MAIL FROM:<stranger@outside.example> BODY=8BITMIME", "RCPT TO:<" + to + ">", "DATA"} {
		if reply := w.say(line); reply[0] != '2' && reply[0] != '3' {
			w.t.Fatalf("%s: %s", line, reply)
		}
	}
	return w.say(text + ".")
}

// ask says an IMAP command and returns all that comes before its tagged answer, and that.
func (w *wire) ask(command string) (data []byte, answer string) {
	w.t.Helper()
	w.patience()
	tag, _, _ := strings.Cut(command, " ")
	if _, err := io.WriteString(w, command+"\r\n"); err != nil {
		w.t.Fatal(err)
	}
	for {
		line := w.line()
		if strings.HasPrefix(line, tag+" ") || strings.HasPrefix(line, "* BYE") {
			return data, line
		}
		data = append(data, line...)
		open := strings.LastIndexByte(line, '{')
		if n, err := strconv.Atoi(strings.Trim(line[open+1:], "{}\r\n")); open >= 0 && err == nil {
			at := len(data)
			data = append(data, make([]byte, n)...)
			if _, err := io.ReadFull(w.r, data[at:]); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// pss is the proportional memory of the service.
func pss(t *testing.T, h *stage.House) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", h.Pid()))
	if err != nil {
		t.Skipf("memory can't be read here: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "Pss:" {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Fatalf("no Pss in %s", text)
	return 0
}

func TestLetters(t *testing.T) {
	h := stage.Serve(t)
	aisha := h.Person("Aisha", "Rahman")
	began, most := pss(t, h), 0
	taken := map[string][]hostile{} // by folder
	for _, l := range letters() {
		w := open(t, h, "smtp")
		w.say("EHLO stranger.example")
		reply := w.deliver(aisha.Address, l.text)
		if !strings.HasPrefix(reply, l.want) {
			t.Errorf("%s: %q, want %s", l.name, reply, l.want)
		}
		if again := w.say("NOOP"); !strings.HasPrefix(again, "250") {
			t.Errorf("%s: then NOOP is answered %q", l.name, again)
		}
		if reply[0] == '2' {
			taken[l.folder] = append(taken[l.folder], l)
		}
		most = max(most, pss(t, h))
	}
	w := open(t, h, "imaps")
	w.ask("a LOGIN " + aisha.Address + " " + aisha.Password)
	for _, folder := range []string{"Junk", "INBOX"} { // the searches below are in the second
		if _, answer := w.ask("b SELECT " + folder); !strings.HasPrefix(answer, "b OK") {
			t.Fatal(answer)
		}
		for i, l := range taken[folder] {
			readEveryWay(t, w, i+1, l)
			most = max(most, pss(t, h))
		}
	}
	for _, search := range []string{"SEARCH TEXT tablets", "SEARCH SUBJECT x", "SEARCH HEADER X-Long a", "SORT (SUBJECT FROM TO DATE) UTF-8 ALL", "THREAD REFERENCES UTF-8 ALL"} {
		if _, answer := w.ask("s " + search); !strings.HasPrefix(answer, "s OK") {
			t.Errorf("%s: %s", search, answer)
		}
	}
	most = max(most, pss(t, h))
	t.Logf("%d letters; %d in the Inbox, %d in Junk; memory %d MiB at first, %d MiB at most", len(letters()), len(taken["INBOX"]), len(taken["Junk"]), began>>20, most>>20)
	if most > maxPSS {
		t.Errorf("the service had %d MiB resident", most>>20)
	}
}

// readEveryWay fetches all that can be asked of a letter, and compares its octets, or those of the notice in its place.
func readEveryWay(t *testing.T, w *wire, place int, l hostile) {
	t.Helper()
	name, text := l.name, l.text
	if l.held {
		text = "It is held whole."
	}
	for _, item := range []string{"(UID FLAGS INTERNALDATE RFC822.SIZE EMAILID THREADID)", "ENVELOPE", "BODY", "BODYSTRUCTURE", "PREVIEW", "BODY.PEEK[HEADER]",
		"BODY.PEEK[HEADER.FIELDS (From Subject X-Long)]", "BODY.PEEK[TEXT]", "BODY.PEEK[1]", "BODY.PEEK[1.MIME]", "BODY.PEEK[1.1.1.1]",
		"BODY.PEEK[10000]", "BODY.PEEK[]<100.50>", "BINARY.SIZE[1]"} {
		_, answer := w.ask(fmt.Sprintf("f FETCH %d %s", place, item))
		// RFC 3516 §4.3: a part that cannot be decoded is NO [UNKNOWN-CTE]; the others have no excuse.
		if !strings.HasPrefix(answer, "f OK") && !strings.HasPrefix(item, "BINARY") {
			t.Errorf("%s: %s: %s", name, item, answer)
		}
	}
	data, answer := w.ask(fmt.Sprintf("g FETCH %d BODY.PEEK[]", place))
	if !strings.HasPrefix(answer, "g OK") || !bytes.Contains(data, []byte(text)) {
		t.Errorf("%s: %s; the letter is not what was sent (%d octets for %d)", name, answer, len(data), len(text))
	}
}

type hostile struct {
	name, text, want string
	folder           string // where it is filed if it is taken
	held             bool   // a notice is filed in its place: programs read it differently
}

func letters() []hostile {
	const head = "From: <stranger@outside.example>\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
	const long = " aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"
	in := func(name, text string) hostile { return hostile{name: name, text: text, want: "250", folder: "INBOX"} }
	junk := func(name, text string) hostile { return hostile{name: name, text: text, want: "250", folder: "Junk"} }
	held := func(name, text string) hostile {
		return hostile{name: name, text: text, want: "250", folder: "INBOX", held: true}
	}
	refused := func(name, text, want string) hostile { return hostile{name: name, text: text, want: want} }
	return []hostile{
		in("plain", head+"\r\nTwo tablets.\r\n"),
		junk("no header at all", "\r\nTwo tablets.\r\n"),
		junk("nothing at all", ""),
		in("header alone", head),
		in("header of 12,000 fields", head+strings.Repeat("X-Long: aaaaaaaaaa\r\n", 12_000)+"\r\nTwo tablets.\r\n"),
		in("field of 240 KB", head+"X-Long: a\r\n"+strings.Repeat(long, 4_000)+"\r\nTwo tablets.\r\n"),
		in("6,000 addresses", head+"To: <a@x.test>\r\n"+strings.Repeat(" ,\"a, b\" <aaaaaaaaaa@outside.example>\r\n", 6_000)+"\r\nTwo tablets.\r\n"),
		refused("field of 400 KB", head+"X-Long: a\r\n"+strings.Repeat(long, 6_400)+"\r\nTwo tablets.\r\n", "552"),
		refused("header of 1,000,000 fields", head+strings.Repeat("X-Long: aaaaaaaaaa\r\n", 1_000_000)+"\r\nTwo tablets.\r\n", "552"),
		refused("field of 30 MB", head+"X-Long: a\r\n"+strings.Repeat(long, 480_000)+"\r\nTwo tablets.\r\n", "552"),
		refused("letter of 36 MB", head+"\r\n"+strings.Repeat(long, 600_000), "552"),
		in("comments in each other", "From: "+strings.Repeat("(", 900)+"\r\nTo: "+strings.Repeat("((a)", 200)+"\r\nSubject: x\r\n\r\nTwo tablets.\r\n"),
		in("encoded words without end", head+"Subject: "+strings.Repeat("=?utf-8?q?=C3?= =?x-none?b?!!!?=\r\n ", 7_000)+"\r\n\r\nTwo tablets.\r\n"),
		held("10,000 parts", head+"Content-Type: multipart/mixed; boundary=b\r\n\r\n"+strings.Repeat("--b\r\nContent-Type: text/plain\r\n\r\nTwo tablets.\r\n", 10_000)+"--b--\r\n"),
		held("1,000 deep", head+deep(1000)),
		held("1,000 letters in each other", head+strings.Repeat("Content-Type: message/rfc822\r\n\r\n", 1000)+"Subject: y\r\n\r\nTwo tablets.\r\n"),
		held("multipart without boundary", head+"Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nTwo tablets.\r\n--b--\r\n"),
		in("boundary of its own prefix", head+"Content-Type: multipart/mixed; boundary=\"-\"\r\n\r\n---\r\n\r\nTwo tablets.\r\n-----\r\n-------\r\n"),
		in("octets of no alphabet", "From: \xff\xfe <stranger@outside.example>\r\nSubject: \x80\x81\xc3\x28\r\nTo: \xe2\x28\xa1\r\n\r\nTwo \xff tablets \xc0\xaf.\r\n"),
		in("not the charset it says", head+"Content-Type: text/plain; charset=utf-16\r\n\r\nTwo tablets\xd8.\r\n"),
		in("not base64", head+"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!Two tablets====x\r\n"),
		in("no known encoding", head+"Content-Transfer-Encoding: rot13\r\n\r\nGjb gnoyrgf.\r\n"),
		in("a letter that is none", head+"Content-Type: message/rfc822\r\n\r\n\x01\x02\r\nTwo tablets.\r\n"),
		in("an image that is a page", head+"Content-Type: image/png; name*0*=utf-8''%ff%; name*1*=%00\r\n\r\n<html><script>x</script>\r\n"),
		in("content type of nonsense", head+"Content-Type: ;;;/;\"=\r\nContent-Disposition: =;filename*=''\r\n\r\nTwo tablets.\r\n"),
		junk("header fields without colon", "From stranger\r\nnonsense\r\n: empty\r\nSubject\r\n\r\nTwo tablets.\r\n"),
		// What RFC 5321 §2.3.8 and §4.5.2 leave no choice about.
		refused("bare LF", head+"\r\nTwo\ntablets.\r\n", "5"),
		refused("bare CR", head+"\r\nTwo\rtablets.\r\n", "5"),
		refused("an end of bare LFs, then a second letter", head+"\r\nTwo tablets.\n.\nMAIL FROM:<forged@haven.test>\nRCPT TO:<x>\n\r\n", "5"),
		refused("an end half of bare LFs", head+"\r\nTwo tablets.\n.\r\nMAIL FROM:<forged@haven.test>\r\n", "5"),
	}
}

func deep(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	b.WriteString("Content-Type: text/plain\r\n\r\nTwo tablets.\r\n")
	for i := range n {
		fmt.Fprintf(&b, "--b%d--\r\n", n-1-i)
	}
	return b.String()
}
