package taken_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"haven/e2e/stage"
)

func TestFileIsTakenOut(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t)
	aisha := s.Person("Aisha", "Rahman")
	pharmacy := s.Pharmacy("FAA01", aisha)
	content := base64.StdEncoding.EncodeToString(zipOf(t, "update/setup.exe"))
	letter := "From: surgery@outside.example\r\nTo: " + pharmacy + "\r\nSubject: Update\r\nMessage-ID: <1@outside.example>\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nPlease run this.\r\n" +
		"--b\r\nContent-Type: application/zip; name=update.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" + content + "\r\n--b--\r\n"
	s.Receive("surgery@outside.example", letter, pharmacy)

	c := s.IMAP(aisha, nil)
	inbox := stage.Shared(pharmacy, "")
	if got := stage.Subjects(t, c, inbox); len(got) != 1 {
		t.Fatalf("letters %q", got)
	}
	text := stage.Text(t, c, 1)
	for _, want := range []string{"Please run this.", `"update.zip" was removed`, "ask the helpdesk"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
	if strings.Contains(text, content[:40]) {
		t.Error("the file is still there")
	}

	list := s.Admin("held", "list", pharmacy)
	id := regexp.MustCompile(`(?m)^ *(\d+) +\d+ octets`).FindStringSubmatch(list)
	if id == nil || strings.Contains(list, "Update") || strings.Contains(list, "surgery") {
		t.Fatalf("the desk sees %q", list)
	}
	s.Admin("held", "release", pharmacy, id[1])
	if got := stage.Subjects(t, c, inbox); len(got) != 2 {
		t.Fatalf("letters %q", got)
	}
	if text := stage.Text(t, c, 2); !strings.Contains(text, content[:40]) {
		t.Errorf("the original reads %q", text)
	}
	if log := s.Admin("audit", "about", pharmacy); !strings.Contains(log, "delivery.released") {
		t.Errorf("the audit log says %q", log)
	}
	if _, err := s.Haven("admin", "--config", s.Conf, "held", "release", pharmacy, id[1]); err == nil {
		t.Error("it could be released twice")
	}
}

func zipOf(t *testing.T, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	if err == nil {
		_, err = f.Write([]byte("MZ"))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
