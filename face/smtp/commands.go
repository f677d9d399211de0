package smtp

import (
	"bytes"
	"context"
	"strconv"
)

// command carries one command line out. Commands that may end with something else than a reply of their own (DATA,
// BDAT, AUTH, STARTTLS) read on by themselves.
func (c *conn) command(ctx context.Context, line []byte) {
	if bytes.IndexByte(line, 0) >= 0 {
		c.wrong(500, "5.5.2", "The line has a NUL octet.")
		return
	}
	verb, arg := splitVerb(line)
	if len(line) > lineLimit(verb) {
		c.wrong(500, "5.5.2", "The line is too long.")
		return
	}
	if no := c.notNow(verb); no != nil {
		c.wrong(no.Code, no.Enhanced, no.Text)
		return
	}
	switch verb {
	case "HELO", "EHLO":
		c.hello(verb == "EHLO", arg)
	case "MAIL":
		c.mailFrom(ctx, arg)
	case "RCPT":
		c.rcptTo(ctx, arg)
	case "DATA":
		c.data(ctx, arg)
	case "BDAT":
		c.bdat(ctx, arg)
	case "STARTTLS":
		c.startTLS(ctx, arg)
	case "AUTH":
		c.auth(ctx, arg)
	default:
		c.plainCommand(verb, arg)
	}
}

// plainCommand carries out the commands that touch no transaction, or only end it.
func (c *conn) plainCommand(verb, arg string) {
	switch verb {
	case "RSET":
		if arg != "" {
			c.wrong(501, "5.5.4", "RSET takes no argument.")
			return
		}
		c.endTransaction()
		c.say(250, "2.0.0", "Ready for another letter.")
	case "NOOP":
		c.say(250, "2.0.0", "Done.")
	case "HELP":
		c.say(214, "2.0.0", "EHLO HELO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT. See RFC 5321.")
	case "VRFY": // RFC 5321 §3.5.3: we don't tell who exists
		if arg == "" {
			c.wrong(501, "5.5.4", "VRFY takes an address.")
			return
		}
		c.say(252, "2.5.0", "Addresses are not verified here; send the letter and see.")
	case "EXPN":
		c.wrong(502, "5.5.1", "EXPN is not offered: who is on a list is told to nobody.")
	case "QUIT":
		if arg != "" {
			c.wrong(501, "5.5.4", "QUIT takes no argument.")
			return
		}
		c.said221 = true
		c.hangUp(221, "2.0.0", "Goodbye.")
	default:
		c.wrong(500, "5.5.1", "The command is not known.")
	}
}

// notNow is the one place that knows the order of commands (RFC 5321 §4.1.4) beyond what each says of itself.
func (c *conn) notNow(verb string) refusal {
	switch verb {
	case "MAIL", "RCPT", "DATA", "BDAT":
		if c.s.AuthRequired && c.peer.User == "" {
			if c.peer.TLS == nil && !c.s.AllowPlaintextAuth {
				return refuse(530, "5.7.0", "Begin with STARTTLS.") // RFC 3207 §4
			}
			return refuse(530, "5.7.0", "Sign in first.") // RFC 4954 §6
		}
	}
	if c.chunk != nil && (verb == "MAIL" || verb == "RCPT" || verb == "DATA" || verb == "STARTTLS" || verb == "AUTH") {
		return refuse(503, "5.5.1", "A letter is being sent with BDAT.") // RFC 3030 §2
	}
	switch verb {
	case "MAIL":
		switch {
		case c.peer.Hello == "":
			return refuse(503, "5.5.1", "Say EHLO first.")
		case c.began:
			return refuse(503, "5.5.1", "A transaction is under way already.")
		}
	case "RCPT":
		if !c.began {
			return refuse(503, "5.5.1", "MAIL comes before RCPT.")
		}
	case "AUTH":
		switch {
		case c.peer.Hello == "":
			return refuse(503, "5.5.1", "Say EHLO first.")
		case c.peer.User != "":
			return refuse(503, "5.5.1", "You are signed in already.") // RFC 4954 §4
		case c.began:
			return refuse(503, "5.5.1", "AUTH is not allowed within a transaction.")
		}
	}
	return nil
}

func (c *conn) hello(extended bool, name string) {
	if !isHelloName(name) {
		c.wrong(501, "5.5.4", "Give your domain name, or your address in brackets.")
		return
	}
	c.endTransaction()
	c.peer.Hello, c.peer.ESMTP = name, extended
	if !extended {
		c.say(250, "", c.s.Name)
		return
	}
	words := c.extensions()
	for _, w := range words[:len(words)-1] {
		c.out = append(append(append(c.out, "250-"...), w...), '\r', '\n')
	}
	c.say(250, "", words[len(words)-1])
}

// extensions are the lines of the answer to EHLO, our name first.
func (c *conn) extensions() []string {
	words := []string{
		c.s.Name,
		"PIPELINING",
		"SIZE " + strconv.FormatInt(c.s.Limits.MessageSize, 10),
		"8BITMIME",
		"SMTPUTF8",
		"ENHANCEDSTATUSCODES",
		"CHUNKING",
	}
	if c.s.DSN {
		words = append(words, "DSN")
	}
	if c.s.TLS != nil && c.peer.TLS == nil {
		words = append(words, "STARTTLS")
	}
	if c.mayAuth() && c.peer.User == "" {
		words = append(words, "AUTH PLAIN LOGIN")
	}
	limits := "LIMITS RCPTMAX=" + strconv.Itoa(c.s.Limits.Recipients) // RFC 9422
	if c.s.Limits.Letters < none {
		limits += " MAILMAX=" + strconv.Itoa(c.s.Limits.Letters)
	}
	return append(words, limits, "HELP")
}

func (c *conn) mailFrom(ctx context.Context, arg string) {
	from, p, no := parseMail(arg, c.s.DSN)
	if no != nil {
		c.wrong(no.Code, no.Enhanced, no.Text)
		return
	}
	if p.Size > c.s.Limits.MessageSize {
		c.say(552, "5.3.4", tooLarge(c.s.Limits.MessageSize))
		return
	}
	if c.letters >= c.s.Limits.Letters {
		c.hangUp(421, "4.7.0", "Enough letters for one connection. Begin a new one.")
		return
	}
	if err := c.session.Mail(ctx, from, p); err != nil {
		c.failed(err, StageEnvelope)
		return
	}
	c.began, c.mail = true, p
	c.say(250, "2.1.0", "Sender accepted.")
}

func (c *conn) rcptTo(ctx context.Context, arg string) {
	to, p, no := parseRcpt(arg, c.mail.UTF8, c.s.DSN)
	if no != nil {
		c.wrong(no.Code, no.Enhanced, no.Text)
		return
	}
	if c.rcpts >= c.s.Limits.Recipients {
		c.say(452, "4.5.3", "Too many recipients. Send the rest in another letter.")
		return
	}
	if err := c.session.Rcpt(ctx, to, p); err != nil {
		c.s.Counters.RecipientsWrong.Add(1)
		// Only who is refused for good counts: one that is put off, since our database restarts, says nothing of the client.
		if r := c.failed(err, StageEnvelope); r.Code/100 == 5 {
			c.unknown++
		}
		if c.unknown >= c.s.Limits.UnknownAddresses {
			c.hangUp(421, "4.7.0", "Too many recipients were refused.")
		}
		return
	}
	c.rcpts++
	c.s.Counters.Recipients.Add(1)
	c.say(250, "2.1.5", "Recipient accepted.")
}

// failed answers an error of the session and returns the answer.
func (c *conn) failed(err error, at Stage) Reply {
	r := ReplyFor(err, at)
	if r.Code/100 == 4 {
		c.s.logger().Warn("smtp: put off", "place", c.peer.Addr, "code", r.Code, "err", err)
	}
	c.answer(r)
	return r
}

func (c *conn) startTLS(ctx context.Context, arg string) {
	switch {
	case arg != "":
		c.wrong(501, "5.5.4", "STARTTLS takes no argument.")
	case c.peer.TLS != nil:
		c.wrong(503, "5.5.1", "TLS is in use already.")
	case c.peer.User != "":
		c.wrong(503, "5.5.1", "You are signed in already.")
	case c.s.TLS == nil:
		c.wrong(502, "5.5.1", "TLS is not offered here.")
	case c.pending():
		// Whoever put this behind STARTTLS hoped that it would count as said under TLS.
		c.discard()
		c.endTransaction()
		c.wrong(503, "5.5.1", "Nothing may follow STARTTLS before TLS is in use.")
	default:
		c.endTransaction()
		c.say(220, "2.0.0", "Begin TLS.")
		if c.flush() != nil || !c.handshake(ctx) {
			c.quit = true
			return
		}
		c.discard()
		c.peer.Hello, c.peer.ESMTP = "", false // RFC 3207 §4.2: all that was said before is forgotten
	}
}
