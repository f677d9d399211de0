package mime

// Bodies are the parts of a letter that a reader shows as its text, and those that it offers to save (RFC 8621 §4.1.4). A
// picture within the text may be in all three.
type Bodies struct {
	Text        []*Part // to show as plain text
	HTML        []*Part // to show as HTML
	Attachments []*Part
}

// Bodies sorts the letter's parts as RFC 8621 §4.1.4 suggests.
func (p *Part) Bodies() Bodies {
	s := bodySorter{text: true, html: true}
	s.sort([]*Part{p}, "mixed", false)
	return s.Bodies
}

// HasAttachment reports whether there is something to save that is not only shown within the text.
func (b Bodies) HasAttachment() bool {
	for _, p := range b.Attachments {
		if p.Disposition != "inline" {
			return true
		}
	}
	return false
}

// bodySorter collects; text and html say for which of the two readings the parts are that come now.
type bodySorter struct {
	Bodies
	text, html bool
}

func (s *bodySorter) sort(parts []*Part, within string, inAlternative bool) {
	texts, htmls := len(s.Text), len(s.HTML)
	text, html := s.text, s.html
	for i, p := range parts {
		switch {
		case p.IsMultipart():
			s.sort(p.Children, p.Subtype, inAlternative || p.Subtype == "alternative")
		case !p.shownWithin(within, i == 0):
			s.Attachments = append(s.Attachments, p)
		case within == "alternative":
			s.alternative(p)
		default:
			s.inline(p, inAlternative)
		}
	}
	if within == "alternative" && s.text && s.html {
		s.lend(texts, htmls)
	}
	s.text, s.html = text, html
}

// shownWithin reports whether a part is shown where it stands: in a multipart/related only its first part is, and a text with a
// file name that is not the first part is something to save.
func (p *Part) shownWithin(within string, first bool) bool {
	if p.Disposition == "attachment" || !p.Is("text/plain") && !p.Is("text/html") && !p.isMedia() {
		return false
	}
	return first || within != "related" && (p.isMedia() || p.FileName() == "")
}

func (p *Part) isMedia() bool {
	return p.Type == "image" || p.Type == "audio" || p.Type == "video"
}

// alternative takes a part of which a reader chooses one.
func (s *bodySorter) alternative(p *Part) {
	switch {
	case p.Is("text/plain") && s.text:
		s.Text = append(s.Text, p)
	case p.Is("text/html") && s.html:
		s.HTML = append(s.HTML, p)
	case !p.Is("text/plain") && !p.Is("text/html"):
		s.Attachments = append(s.Attachments, p)
	}
}

// inline takes a part that is shown where it stands. Below an alternative a text of one kind begins what belongs to that kind alone.
func (s *bodySorter) inline(p *Part, inAlternative bool) {
	if inAlternative {
		if p.Is("text/plain") {
			s.html = false
		}
		if p.Is("text/html") {
			s.text = false
		}
	}
	if s.text {
		s.Text = append(s.Text, p)
	}
	if s.html {
		s.HTML = append(s.HTML, p)
	}
	if (!s.text || !s.html) && p.isMedia() {
		s.Attachments = append(s.Attachments, p)
	}
}

// lend lets an alternative that has but one of the two readings serve for both.
func (s *bodySorter) lend(texts, htmls int) {
	switch {
	case texts == len(s.Text) && htmls != len(s.HTML):
		s.Text = append(s.Text, s.HTML[htmls:]...)
	case htmls == len(s.HTML) && texts != len(s.Text):
		s.HTML = append(s.HTML, s.Text[texts:]...)
	}
}
