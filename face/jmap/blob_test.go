package jmap

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"haven"
	"haven/face/jmap/jmapclient"
	"haven/mail/mailbox"
	"haven/platform/blob"
	"haven/platform/db"
)

func (w *world) bodies() (n int) {
	w.t.Helper()
	err := w.DB.Read(context.Background(), func(tx *db.Tx) error {
		page, err := blob.After(tx, 0, 1000)
		n = len(page)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func fetch(t *testing.T, c *jmapclient.Client, account, id string, h http.Header) (*http.Response, string) {
	t.Helper()
	resp, err := c.Download(t.Context(), account, id, "Größe & Maß.txt", "text/plain; charset=utf-8", h)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func TestRFC8620_6_1_Upload(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Policy.UploadOctets = 1 << 20 })
	c, box := w.as(anna), w.account(pharmacy)
	for typ, want := range map[string]string{"image/jpeg": "image/jpeg", "": anyType, `text/plain; charset="utf-8"`: "text/plain; charset=utf-8"} {
		up, err := c.Upload(t.Context(), box, typ, strings.NewReader("a picture"))
		if err != nil || up.Account != box || up.Blob == "" || up.Type != want || up.Size != 9 {
			t.Errorf("%q: %+v, %v", typ, up, err)
		}
	}
	for _, x := range []struct {
		name, account, typ string
		body               io.Reader
		status             int
		limit              string
	}{
		{"too large, and says so", box, "", bytes.NewReader(make([]byte, 1<<20+1)), 413, "maxSizeUpload"},
		{"too large, and does not say so", box, "", io.LimitReader(zeros{}, 1<<20+1), 413, "maxSizeUpload"},
		{"as large as may be", box, "", io.LimitReader(zeros{}, 1<<20), 0, ""},
		{"an account that there is not", w.account(ben), "", strings.NewReader("x"), 404, ""},
		{"an account that is read alone", w.account(archive), "", strings.NewReader("x"), 403, ""},
		{"no type", box, "a b", strings.NewReader("x"), 400, ""},
		{"a type with a line in it", box, "text/plain; x=\"\n\"", nil, 0, "transport"},
	} {
		if x.limit == "transport" {
			continue // no client sends it
		}
		_, err := c.Upload(t.Context(), x.account, x.typ, x.body)
		if x.status == 0 {
			if err != nil {
				t.Errorf("%s: %v", x.name, err)
			}
			continue
		}
		if p := wantStatus(t, x.name, err, x.status, ""); p.Limit != x.limit {
			t.Errorf("%s: limit %q", x.name, p.Limit)
		}
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// heard is blobs of which one hears that an upload begins, and ends.
type heard struct {
	Blobs
	begun, ended chan struct{}
}

// hear has the uploads of a world heard.
func (w *world) hear() heard {
	h := heard{w.srv.o.Blobs, make(chan struct{}, 8), make(chan struct{}, 8)}
	w.srv.o.Blobs = h
	return h
}

func (h heard) Put(ctx context.Context, v mailbox.Viewer, typ string, r io.Reader) (string, int64, error) {
	h.begun <- struct{}{}
	defer func() { h.ended <- struct{}{} }()
	return h.Blobs.Put(ctx, v, typ, r)
}

func TestRFC8620_6_1_CutOffLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, puts := w.as(anna), w.hear()
	u := strings.TrimPrefix(strings.ReplaceAll(c.Session.UploadURL, "{accountId}", w.account(anna)), w.http.URL)
	conn, err := net.Dial("tcp", w.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	head := "POST " + u + " HTTP/1.1\r\nHost: " + w.http.Listener.Addr().String() + "\r\nAuthorization: " + c.Header.Get("Authorization") + "\r\nContent-Length: 4000000\r\n\r\n"
	if _, err := conn.Write(append([]byte(head), make([]byte, 3<<20)...)); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	<-puts.ended
	if n := w.bodies(); n != 0 {
		t.Errorf("%d bodies", n)
	}
}

func TestRFC8620_2_MaxConcurrentUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Policy.Uploads = 1 })
	c, puts := w.as(anna), w.hear()
	body, send := io.Pipe()
	done := make(chan error, 1)
	go func() { _, err := c.Upload(t.Context(), w.account(anna), "", body); done <- err }()
	if _, err := send.Write([]byte("begun")); err != nil {
		t.Fatal(err)
	}
	<-puts.begun
	_, err := c.Upload(t.Context(), w.account(anna), "", strings.NewReader("second"))
	if p := wantStatus(t, "the second", err, 400, ""); p.Limit != "maxConcurrentUpload" {
		t.Errorf("%+v", p)
	}
	_ = send.Close()
	if err := <-done; err != nil {
		t.Errorf("the first: %v", err)
	}
}

func TestRFC8620_6_2_Download(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, box := w.as(anna), w.account(pharmacy)
	text := strings.Repeat("0123456789", 20_000)
	up, err := c.Upload(t.Context(), box, "text/html", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	resp, got := fetch(t, c, box, up.Blob, nil)
	for name, want := range map[string]string{"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, immutable, max-age=31536000",
		"Content-Disposition": "attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe%20&%20Ma%C3%9F.txt", "Vary": "Cookie, Authorization"} {
		if resp.Header.Get(name) != want {
			t.Errorf("%s: %q", name, resp.Header.Get(name))
		}
	}
	if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "sandbox") || !strings.Contains(csp, "default-src 'none'") || got != text {
		t.Errorf("%d octets under %q", len(got), csp)
	}
	for name, want := range map[string]string{"bytes=0-9": text[:10], "bytes=199990-": text[199_990:], "bytes=-5": text[199_995:], "bytes=70000-140000": text[70_000:140_001]} {
		resp, got := fetch(t, c, box, up.Blob, http.Header{"Range": {name}})
		if resp.StatusCode != http.StatusPartialContent || got != want {
			t.Errorf("%s: %d, %d octets", name, resp.StatusCode, len(got))
		}
	}
	if resp, got := fetch(t, c, box, up.Blob, http.Header{"Range": {"bytes=70000-70009,0-9"}}); resp.StatusCode != http.StatusOK || got != text {
		t.Errorf("several ranges: %d, %d octets", resp.StatusCode, len(got))
	}
	if resp, _ := fetch(t, c, box, up.Blob, http.Header{"If-None-Match": {resp.Header.Get("ETag")}}); resp.StatusCode != http.StatusNotModified {
		t.Errorf("asked again: %d", resp.StatusCode)
	}
	if p := wantStatusOf(t, c, box, up.Blob, http.Header{"Range": {"bytes=900000-"}}); p != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("behind the end: %d", p)
	}
	for name, x := range map[string][2]string{"another account": {w.account(anna), up.Blob}, "somebody else's": {w.account(ben), up.Blob}, "no blob": {box, "Unothing"}} {
		if got := wantStatusOf(t, c, x[0], x[1], nil); got != http.StatusNotFound {
			t.Errorf("%s: %d", name, got)
		}
	}
	if _, err := c.Download(t.Context(), box, up.Blob, "x", "a b", nil); err == nil {
		t.Error("a type that is none is taken")
	}
}

func wantStatusOf(t *testing.T, c *jmapclient.Client, account, id string, h http.Header) int {
	t.Helper()
	_, err := c.Download(t.Context(), account, id, "x", "text/plain", h)
	p, _ := err.(*jmapclient.Problem) //nolint:errorlint // Send gives it bare
	if p == nil {
		t.Fatalf("%v", err)
	}
	return p.Status
}

func TestRFC8620_6_2_SharedComputerKeepsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.browser(anna)
	up, err := c.Upload(t.Context(), w.account(anna), "text/plain", strings.NewReader("private"))
	if err != nil {
		t.Fatal(err)
	}
	w.srv.o.People = sharedComputer{w.people}
	resp, _ := fetch(t, c, w.account(anna), up.Blob, nil)
	if got := resp.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("%q", got)
	}
	h := c.Header.Clone()
	h.Del(personHeader)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, resp.Request.URL.String()+"&person="+w.account(anna), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = h
	link, err := w.http.Client().Do(r)
	if err != nil || link.StatusCode != http.StatusOK {
		t.Errorf("a link that says whose it is: %v, %v", link, err)
	}
}

// sharedComputer has every session at a computer that others use too.
type sharedComputer struct{ *register }

func (s sharedComputer) ByCookie(ctx context.Context, token string) (Session, error) {
	ses, err := s.register.ByCookie(ctx, token)
	ses.Shared = true
	return ses, err
}

func TestRFC8620_6_3_BlobCopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, own, box := w.as(anna), w.account(anna), w.account(pharmacy)
	up, err := c.Upload(t.Context(), own, "text/plain", strings.NewReader("a file"))
	if err != nil {
		t.Fatal(err)
	}
	type copied struct {
		FromAccountID, AccountID string
		Copied                   map[string]string
		NotCopied                map[string]setErr
	}
	d := one[copied](t, c, "Blob/copy", args{"fromAccountId": own, "accountId": box, "blobIds": []string{up.Blob, "Ugone"}})
	if len(d.Copied) != 1 || d.NotCopied["Ugone"].Type != "notFound" || d.FromAccountID != own || d.AccountID != box {
		t.Fatalf("%+v", d)
	}
	if _, got := fetch(t, c, box, d.Copied[up.Blob], nil); got != "a file" {
		t.Errorf("%q", got)
	}
	wantErrors(t, c, []errorCase{
		{"from nowhere", "Blob/copy", args{"fromAccountId": w.account(ben), "accountId": box, "blobIds": []string{}}, "fromAccountNotFound"},
		{"within an account", "Blob/copy", args{"fromAccountId": box, "accountId": box, "blobIds": []string{}}, "invalidArguments"},
		{"nothing", "Blob/copy", args{"fromAccountId": own, "accountId": box}, "invalidArguments"},
		{"too many", "Blob/copy", args{"fromAccountId": own, "accountId": box, "blobIds": many(501)}, "requestTooLarge"},
		{"into what is read alone", "Blob/copy", args{"fromAccountId": own, "accountId": w.account(archive), "blobIds": []string{up.Blob}}, "accountReadOnly"},
	})
	w.grant(anna, pharmacy, haven.Read)
	if slices.Contains([]int{200, 403}, wantStatusOf(t, c, box, d.Copied[up.Blob], nil)) {
		t.Error("who only reads still opens what was uploaded")
	}
}
