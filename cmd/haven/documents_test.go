package main

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"haven/mail/document/documenttest"
)

// TestDocumentsAreSearched: a mail program finds a letter by words inside its PDF and its document of Word; the figures say that they were read.
func TestDocumentsAreSearched(t *testing.T) {
	t.Parallel()
	i := install(t).serve()
	user, password := i.person("Anna", "Example")
	c, err := i.signIn(user, password)
	if err != nil {
		t.Fatal(err)
	}
	letter := "From: " + user + "\r\nSubject: letter\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee within.\r\n"
	for name, content := range map[string][]byte{"a.pdf": documenttest.PDF("Discharged on ramipril"), "b.docx": documenttest.Docx("Συνταγή για παρακεταμόλη")} {
		letter += "--b\r\nContent-Type: application/octet-stream; name=" + name + "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(content) + "\r\n"
	}
	letter += "--b--\r\n"
	put := c.Append("INBOX", int64(len(letter)), nil)
	if _, err := put.Write([]byte(letter)); err != nil {
		t.Fatal(err)
	}
	if err := put.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := put.Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"ramipril", "ΣΥΝΤΑΓΗ παρακεταμολ"} {
		for end := time.Now().Add(2 * patience); ; {
			found, err := c.UIDSearch(&imap.SearchCriteria{Body: []string{word}}, nil).Wait()
			if err != nil {
				t.Fatal(err)
			}
			if len(found.AllUIDs()) == 1 {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%q is not found\n%s", word, i.log)
			}
		}
	}
	if found, err := c.UIDSearch(&imap.SearchCriteria{Body: []string{"ramiprilat"}}, nil).Wait(); err != nil || len(found.AllUIDs()) != 0 {
		t.Errorf("what is not there is found: %v, %v", found, err)
	}
	if out := i.metrics(); !strings.Contains(out, "\nhaven_documents_total{outcome=\"read\"} 2\n") || !strings.Contains(out, "\nhaven_search_behind{of=\"documents\"} ") {
		t.Errorf("the figures:\n%s", out)
	}
}
