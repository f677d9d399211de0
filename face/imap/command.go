package imap

import (
	"context"
	"errors"
	"time"

	"haven/face/imap/wire"
	"haven/platform/errs"
)

// command is an entry of the table: in which states it may be given, and what decodes, calls and renders it.
type command struct {
	in  state
	run func(*call) error
	// poll says what may be told of other sessions' doings at its end. Zero is everything.
	poll pollMode
	// unselects marks commands after which the mailbox that was open is open no longer, or another.
	unselects bool
	// streams marks commands that last as long as the client takes; each wait for it has a deadline of its own.
	streams bool
}

const (
	anyState = notAuthenticated | authenticated | inMailbox
	signedIn = authenticated | inMailbox
)

// commands is what this face understands. "UID X" is an entry of its own.
var commands map[string]command

func init() { // breaks the cycle from the table through a handler to the table; it registers nothing
	commands = map[string]command{
		"CAPABILITY":   {in: anyState, run: capability},
		"NOOP":         {in: anyState, run: noop},
		"LOGOUT":       {in: anyState, run: logout},
		"ID":           {in: anyState, run: id},
		"STARTTLS":     {in: notAuthenticated, run: startTLS},
		"LOGIN":        {in: notAuthenticated, run: login},
		"AUTHENTICATE": {in: notAuthenticated, run: authenticate},

		"ENABLE":       {in: signedIn, run: enable},
		"SELECT":       {in: signedIn, run: selectMailbox, unselects: true},
		"EXAMINE":      {in: signedIn, run: examine, unselects: true},
		"CREATE":       {in: signedIn, run: create},
		"DELETE":       {in: signedIn, run: deleteMailbox},
		"RENAME":       {in: signedIn, run: rename},
		"SUBSCRIBE":    {in: signedIn, run: subscribe},
		"UNSUBSCRIBE":  {in: signedIn, run: unsubscribe},
		"LIST":         {in: signedIn, run: list},
		"LSUB":         {in: signedIn, run: lsub},
		"NAMESPACE":    {in: signedIn, run: namespace},
		"STATUS":       {in: signedIn, run: status},
		"APPEND":       {in: signedIn, run: appendMessages, streams: true},
		"IDLE":         {in: signedIn, run: idle},
		"GETACL":       {in: signedIn, run: getACL},
		"MYRIGHTS":     {in: signedIn, run: myRights},
		"LISTRIGHTS":   {in: signedIn, run: listRights},
		"SETACL":       {in: signedIn, run: setACL},
		"DELETEACL":    {in: signedIn, run: deleteACL},
		"GETQUOTA":     {in: signedIn, run: getQuota},
		"GETQUOTAROOT": {in: signedIn, run: getQuotaRoot},
		"SETQUOTA":     {in: signedIn, run: setQuota},

		"CHECK":       {in: inMailbox, run: noop},
		"CLOSE":       {in: inMailbox, run: closeMailbox, unselects: true},
		"UNSELECT":    {in: inMailbox, run: unselect, unselects: true},
		"EXPUNGE":     {in: inMailbox, run: expunge},
		"FETCH":       {in: inMailbox, run: fetch, poll: pollNoExpunge, streams: true},
		"STORE":       {in: inMailbox, run: store, poll: pollNoExpunge},
		"SEARCH":      {in: inMailbox, run: searchMessages, poll: pollNoExpunge},
		"SORT":        {in: inMailbox, run: sortMessages, poll: pollNoExpunge},
		"THREAD":      {in: inMailbox, run: thread, poll: pollNoExpunge},
		"COPY":        {in: inMailbox, run: copyMessages},
		"MOVE":        {in: inMailbox, run: moveMessages},
		"UID EXPUNGE": {in: inMailbox, run: uidExpunge},
		"UID FETCH":   {in: inMailbox, run: fetch, streams: true},
		"UID STORE":   {in: inMailbox, run: store},
		"UID SEARCH":  {in: inMailbox, run: searchMessages},
		"UID SORT":    {in: inMailbox, run: sortMessages},
		"UID THREAD":  {in: inMailbox, run: thread},
		"UID COPY":    {in: inMailbox, run: copyMessages},
		"UID MOVE":    {in: inMailbox, run: moveMessages},
	}
}

// call is one command being run.
type call struct {
	*session
	ctx  context.Context
	d    *wire.Decoder
	e    *wire.Encoder
	tag  string
	name string
	uid  bool // given as UID …

	code      string // response code of the tagged OK
	text      string // its text, "" for the usual one
	moved     bool   // messages went elsewhere: OK even if the mailbox is gone now
	highest   bool   // the OK carries the HIGHESTMODSEQ after all that was told
	tryCreate bool   // NotFound is answered TRYCREATE
	later     bool   // the tagged response comes later (IDLE)
	told      []told // what this command's own responses said of messages
}

// end takes the end of the line; a handler calls it when it has decoded everything.
func (c *call) end() bool { return c.d.CRLF() }

// command reads and runs one command, and answers it.
func (s *session) command() {
	d := s.io.dec
	tag := d.Tag()
	d.SP()
	name := d.Keyword()
	uid := name == "UID"
	if uid {
		d.SP()
		name = "UID " + d.Keyword()
	}
	if d.Err() != nil {
		s.badCommand(tag, d.Err())
		return
	}
	cmd, ok := commands[name]
	switch {
	case !ok:
		d.Bad("There is no such command.")
	case cmd.in&s.state == 0:
		d.Bad(wrongState(s.state, cmd.in))
	default:
		s.runCommand(cmd, tag, name, uid)
		return
	}
	s.badCommand(tag, d.Err())
}

func wrongState(now, in state) string {
	switch {
	case now == notAuthenticated:
		return "Log in first."
	case in == notAuthenticated:
		return "You are logged in already."
	}
	return "Select a mailbox first."
}

// badCommand answers what could not be understood and skips the rest of it.
func (s *session) badCommand(tag string, err error) {
	if tag == "" {
		tag = "*"
	}
	skipped := s.io.dec.Discard()
	var syn *wire.SyntaxError
	switch {
	case errors.As(err, &syn):
		s.io.enc.Raw(tag).Raw(" BAD ").Raw(syn.Text).CRLF()
	case errors.Is(err, wire.ErrTooBig):
		s.io.enc.Raw(tag).Raw(" BAD [TOOBIG] The command is too long.").CRLF()
	}
	if skipped != nil {
		s.giveUp(skipped)
		return
	}
	s.spoilt()
}

// giveUp ends the connection after an error of it, or when it can't be told what is a command and what is not.
func (s *session) giveUp(err error) {
	if errors.Is(err, wire.ErrGiveUp) {
		s.bye("", "What follows can't be told from a literal that was refused.")
	}
	s.closed = true
}

// spoilt counts commands in a row that made no sense.
func (s *session) spoilt() {
	if s.bad++; s.bad >= s.srv.limits.Bad && !s.closed {
		s.bye("", "Too many commands that make no sense.")
	}
}

func (s *session) runCommand(cmd command, tag, name string, uid bool) {
	began := time.Now()
	ctx := s.srv.ctx
	if !cmd.streams {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.srv.limits.Command)
		defer cancel()
	}
	if s.goesOn(ctx) != nil {
		return
	}
	c := &call{session: s, ctx: ctx, d: s.io.dec, e: s.io.enc, tag: tag, name: name, uid: uid}
	err := cmd.run(c)
	if derr := c.d.Err(); derr != nil {
		s.failedDecode(c, derr, err)
		s.count(name, began, false)
		return
	}
	s.bad = 0
	if s.closed {
		return
	}
	if err != nil && s.sel != nil && !cmd.unselects && !c.tryCreate && errs.Is(err, errs.NotFound) {
		_ = s.poll(ctx, pollLook) // is it the mailbox itself that is gone? Then this tells so
	}
	if err == nil && !c.later && s.sel != nil && !cmd.unselects {
		s.io.told = c.told
		err = s.lookAround(c, cmd)
	}
	s.answer(c, err)
	s.count(name, began, err == nil)
}

// lookAround tells what else happened. That the mailbox is gone makes a command in it fail, unless it did its work.
func (s *session) lookAround(c *call, cmd command) error {
	err := s.poll(c.ctx, cmd.poll)
	if errs.Is(err, errs.NotFound) && !c.moved && (cmd.in == inMailbox || c.name == "NOOP") {
		return err
	}
	if errs.Is(err, errs.Internal) {
		s.srv.log.Error("imap: looking for changes failed", "err", err)
	}
	return nil // what could not be told now is told after the next command
}

// failedDecode answers a command whose decoding failed. A handler that refused a literal says why in its own error.
func (s *session) failedDecode(c *call, derr, err error) {
	var e *errs.Error
	if !errors.As(derr, &e) && !(errors.Is(derr, wire.ErrTooBig) && err != nil && errors.As(err, &e)) {
		s.badCommand(c.tag, derr)
		return
	}
	skipped := c.d.Discard()
	s.answer(c, e)
	if skipped != nil {
		s.giveUp(skipped)
	}
}

func (s *session) count(name string, began time.Time, ok bool) {
	if f := s.srv.metrics.Command; f != nil {
		f(name, time.Since(began), ok)
	}
}

// answer writes the tagged response.
func (s *session) answer(c *call, err error) {
	switch {
	case err != nil:
		if c.tryCreate && errs.Is(err, errs.NotFound) {
			c.e.Raw(c.tag).Raw(" NO [TRYCREATE] ").Raw(oneLine(errs.Say(err))).CRLF()
			return
		}
		s.tagged(c.tag, c.name, err)
	case c.later:
	default:
		c.e.Raw(c.tag).Raw(" OK ")
		if c.highest && c.sel != nil {
			c.code = "HIGHESTMODSEQ " + itoa(uint64(c.sel.seq))
		}
		if c.code != "" {
			c.e.Byte('[').Raw(c.code).Raw("] ")
		}
		if c.text != "" {
			c.e.Raw(c.text).CRLF()
		} else {
			c.e.Raw(c.name).Raw(" done.").CRLF()
		}
	}
}
