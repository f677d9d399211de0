package jmap

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/upload"
	"haven/platform/errs"
)

// blobMethods are those of blobs.
var blobMethods = map[string]method{
	"Blob/copy": {coreURN, copyBlobs},
}

var errNoAccount = errs.E(errs.NotFound, "There is no such account.")

// find is the account of the path, with the rights that are needed there.
func (v *visit) find(need haven.Rights) (Account, error) {
	accounts, err := v.srv.o.People.Accounts(v.ctx(), v.session)
	if err != nil {
		return Account{}, err
	}
	for _, a := range accounts {
		if a.JMAP() != v.r.PathValue("account") {
			continue
		}
		if !a.Rights.Has(need) {
			return a, errs.E(errs.Denied, "You may read this account, not change it.")
		}
		return a, nil
	}
	return Account{}, errNoAccount
}

// arriving is a body that has to go on coming. Its errors are the client's.
type arriving struct {
	v    *visit
	body io.Reader
	ctl  *http.ResponseController
}

func (a arriving) Read(p []byte) (int, error) {
	_ = a.ctl.SetReadDeadline(time.Now().Add(a.v.srv.o.Policy.WriteWithin)) // where it can't be set, the server's own holds
	n, err := a.body.Read(p)
	if tooBig := (*http.MaxBytesError)(nil); errors.As(err, &tooBig) {
		return n, &errs.Error{Kind: errs.Invalid, Rule: upload.RuleSize}
	}
	if err != nil && err != io.EOF { //nolint:errorlint // io.Reader gives it bare
		err = errs.Wrap(errs.Invalid, err, "The file did not come whole.")
	}
	return n, err
}

// upload answers POST of the upload URL (RFC 8620 §6.1). A file that does not come whole leaves nothing.
func (v *visit) upload() error {
	p := v.srv.o.Policy
	if v.srv.o.Blobs == nil {
		return v.nothing()
	}
	a, err := v.find(haven.Read | haven.Write)
	if err != nil {
		return err
	}
	one, ok := v.srv.sending.take(v.session.Person)
	if !ok {
		return overLimit("maxConcurrentUpload", fmt.Sprintf("At most %d files of one person are uploaded at once.", p.Uploads))
	}
	defer one.done()
	if v.r.ContentLength > p.UploadOctets {
		return v.tooBig()
	}
	typ, err := contentType(v.r.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	ctl := http.NewResponseController(v.w)
	_ = ctl.SetWriteDeadline(time.Time{}) // of the answer, which comes when the file is there
	id, size, err := v.srv.o.Blobs.Put(v.ctx(), v.session.viewer(a.No), typ, arriving{v, http.MaxBytesReader(v.w, v.r.Body, p.UploadOctets), ctl})
	_ = ctl.SetWriteDeadline(time.Now().Add(p.WriteWithin))
	if e := (*errs.Error)(nil); errors.As(err, &e) && e.Rule == upload.RuleSize {
		return v.tooBig()
	}
	if err != nil {
		return err
	}
	v.write(http.StatusCreated, "application/json", record{"accountId": a.JMAP(), "blobId": id, "type": typ, "size": size})
	return nil
}

func (v *visit) tooBig() error {
	e := overLimit("maxSizeUpload", fmt.Sprintf("A file has at most %d octets.", v.srv.o.Policy.UploadOctets))
	e.Status = http.StatusRequestEntityTooLarge
	return e
}

const anyType = "application/octet-stream"

// contentType is a media type as it may stand in a header.
func contentType(s string) (string, error) {
	if s == "" {
		return anyType, nil
	}
	kind, params, err := mime.ParseMediaType(s)
	if err != nil || len(s) > 255 {
		return "", errs.E(errs.Invalid, "That is no media type.")
	}
	if out := mime.FormatMediaType(kind, params); out != "" {
		return out, nil
	}
	return kind, nil
}

// leaving is a file on its way out: whoever takes nothing more for some time is dropped.
type leaving struct {
	io.ReadSeeker
	v   *visit
	ctl *http.ResponseController
}

func (l leaving) Read(p []byte) (int, error) {
	_ = l.ctl.SetWriteDeadline(time.Now().Add(l.v.srv.o.Policy.WriteWithin))
	return l.ReadSeeker.Read(p)
}

// download answers GET of the download URL (RFC 8620 §6.2), whole or in ranges. Whatever it is, no browser shows it as a page of ours.
func (v *visit) download() error {
	a, err := v.find(haven.Read)
	if err != nil {
		return err
	}
	typ, err := contentType(v.r.URL.Query().Get("accept"))
	if err != nil {
		return err
	}
	b, err := v.srv.openBlob(v.ctx(), v.session.viewer(a.No), v.r.PathValue("blob"))
	if err != nil {
		return err
	}
	defer b.Close()
	if strings.Contains(v.r.Header.Get("Range"), ",") { // a part is decoded from its beginning for each: who asks for several gets the whole (RFC 9110 §14.2)
		v.r.Header.Del("Range")
	}
	h := v.w.Header()
	h.Set("Content-Type", typ)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": v.r.PathValue("name")}))
	h.Set("ETag", `"`+v.r.PathValue("blob")+`"`)
	h.Set("Vary", "Cookie, Authorization")
	if !v.session.Shared {
		h.Set("Cache-Control", "private, immutable, max-age=31536000") // a blob never changes; another session asks anew (Vary)
	}
	http.ServeContent(v.w, v.r, "", time.Time{}, leaving{io.NewSectionReader(b, 0, b.Size()), v, http.NewResponseController(v.w)})
	return nil
}

// copyBlobs is Blob/copy (RFC 8620 §6.3).
func copyBlobs(c *call) (any, error) {
	from, to, err := c.between(haven.Read | haven.Write)
	if err != nil {
		return nil, err
	}
	c.args.Require("blobIds")
	ids := c.args.IDs("blobIds")
	if err := c.args.Done(); err != nil {
		return nil, err
	}
	if err := atMost(len(ids), c.srv.o.Policy.Set, "blobs can be copied"); err != nil {
		return nil, err
	}
	copied, notCopied := record{}, record{}
	for _, name := range ids {
		made, err := c.copyBlob(from, to, name)
		if err != nil {
			notCopied[name] = asSetError(err).object()
			continue
		}
		copied[name] = made
	}
	return record{"fromAccountId": c.args.String("fromAccountId"), "accountId": c.args.String("accountId"), "copied": orNull(copied), "notCopied": orNull(notCopied)}, nil
}

// copyBlob makes a blob of one account one of another: an upload keeps its body, what is in a message is written anew.
func (c *call) copyBlob(from, to mailbox.Viewer, name string) (string, error) {
	id, ok := c.resolve(name)
	if !ok || c.srv.o.Blobs == nil {
		return "", errNoBlob
	}
	if upload.IsID(id) {
		return c.srv.o.Blobs.Copy(c.ctx, from, to, id)
	}
	b, err := c.openBlob(from, id)
	if err != nil {
		return "", err
	}
	defer b.Close()
	if !c.spend(b.Size()) {
		return "", errSpent
	}
	typ, err := contentType(b.Type())
	if err != nil {
		typ = anyType
	}
	made, _, err := c.srv.o.Blobs.Put(c.ctx, to, typ, newSection(c.ctx, b))
	return made, err
}
