package mime

// Section is the kind of a section within a part (RFC 9051 §6.4.5.1).
type Section uint8

const (
	WholeSection  Section = iota // BODY[], BODY[1.2]: the letter, or a part's body
	HeaderSection                //  BODY[HEADER], BODY[1.2.HEADER]: of the letter or of the message that the part holds
	TextSection                  //  BODY[TEXT], BODY[1.2.TEXT]: what follows that header
	MIMESection                  //  BODY[1.2.MIME]: the part's own header
)

// Find returns the part with that number, counted from the letter's root. A message that isn't a multipart has one part,
// number 1: itself. A part that holds a message is numbered on through that message. No number is the root. It returns nil
// if there is no such part.
func (p *Part) Find(path []int) *Part {
	message := true // p is the root of a message, so that it can be called its part 1
	for _, n := range path {
		if p.Envelope != nil && !message {
			p, message = p.Children[0], true
		}
		switch {
		case p.IsMultipart() && n >= 1 && n <= len(p.Children):
			p = p.Children[n-1]
		case !p.IsMultipart() && message && n == 1:
		default:
			return nil
		}
		message = false
	}
	return p
}

// Section says which octets of the letter a section is: [from, to). It is not ok for one that the letter doesn't have.
func (p *Part) Section(path []int, s Section) (from, to int64, ok bool) {
	q := p.Find(path)
	if q == nil {
		return 0, 0, false
	}
	top := len(path) == 0
	if s == HeaderSection || s == TextSection {
		if !top && q.Envelope == nil {
			return 0, 0, false
		}
		if !top {
			q = q.Children[0]
		}
	}
	switch {
	case s == WholeSection && top:
		return q.Header, q.End, true
	case s == WholeSection, s == TextSection:
		return q.Body, q.End, true
	case s == HeaderSection, s == MIMESection && !top:
		return q.Header, q.Body, true
	}
	return 0, 0, false
}
