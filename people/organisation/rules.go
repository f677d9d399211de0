package organisation

import (
	"fmt"
	"strings"
	"time"

	"haven"
	"haven/platform/policy"
)

// Code is an ODS code in its stored form: upper case, no spaces.
type Code string

// ParseCode reads an ODS code as somebody types it: lower case and spaces are accepted. It says what a code of
// the kind looks like when s is none.
//
// Pharmacy: F, letter, letter or digit, two digits, with the letters B, I, O, Q, S, U, W, X, Z left out where the
// pattern of Rules 1 leaves them out. Head office: P and three, or five that begin and end with a letter and
// alternate. Others: three to ten letters and digits.
func ParseCode(k Kind, s string) (Code, haven.Verdict) {
	c := strings.ToUpper(strings.Join(strings.Fields(s), ""))
	switch k {
	case Pharmacy:
		if !isPharmacyCode(c) {
			return "", haven.Refuse("organisation.code", "The ODS code of a pharmacy is F, a letter, a letter or digit, and two digits, such as FX002.")
		}
	case HeadOffice:
		if !isHeadOfficeCode(c) {
			return "", haven.Refuse("organisation.code", "The ODS code of a head office is P and three letters or digits, or five such as A1B2C.")
		}
	default:
		if !isPlainCode(c) {
			return "", haven.Refuse("organisation.code", "An ODS code is three to ten letters and digits.")
		}
	}
	return Code(c), haven.Allow("organisation.code")
}

// isPharmacyCode is ^F[AC-HJ-NP-RTV-Y][0-9AC-HJ-NP-RTV-Y][0-9]{2}$.
func isPharmacyCode(c string) bool {
	return len(c) == 5 && c[0] == 'F' && isODSLetter(c[1]) && (isDigit(c[2]) || isODSLetter(c[2])) && isDigit(c[3]) && isDigit(c[4])
}

// isHeadOfficeCode is ^(P[0-9A-Z]{3}|[A-Z][0-9][A-Z][0-9][A-Z])$.
func isHeadOfficeCode(c string) bool {
	if len(c) == 4 {
		return c[0] == 'P' && isPlainCode(c)
	}
	return len(c) == 5 && isUpper(c[0]) && isDigit(c[1]) && isUpper(c[2]) && isDigit(c[3]) && isUpper(c[4])
}

func isPlainCode(c string) bool {
	for i := range len(c) {
		if !isDigit(c[i]) && !isUpper(c[i]) {
			return false
		}
	}
	return len(c) >= 3 && len(c) <= 10
}

func isODSLetter(b byte) bool {
	return b == 'A' || 'C' <= b && b <= 'H' || 'J' <= b && b <= 'N' || 'P' <= b && b <= 'R' || b == 'T' || 'V' <= b && b <= 'Y'
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }
func isUpper(b byte) bool { return 'A' <= b && b <= 'Z' }

// ParsePostcode writes a British postcode with one space before its last three characters, whatever spaces it
// came with; ok is false when it can't be one. An empty one stays empty and is ok.
func ParsePostcode(s string) (postcode string, ok bool) {
	c := strings.ToUpper(strings.Join(strings.Fields(s), ""))
	if c == "" {
		return "", true
	}
	if len(c) < 5 || len(c) > 7 {
		return "", false
	}
	out, in := c[:len(c)-3], c[len(c)-3:]
	if !isUpper(out[0]) || !isPlainPart(out) || !isDigit(in[0]) || !isUpper(in[1]) || !isUpper(in[2]) {
		return "", false
	}
	return out + " " + in, true
}

func isPlainPart(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) && !isUpper(s[i]) {
			return false
		}
	}
	return true
}

// ParseDate reads yyyymmdd; an empty one is 0 and ok.
func ParseDate(s string) (Date, bool) {
	if s == "" {
		return 0, true
	}
	t, err := time.Parse("20060102", s)
	if err != nil || t.Year() < 1800 || t.Year() > 2200 {
		return 0, false
	}
	return DateOf(t), true
}

// counties are what stands after the town in addresses: never the place itself, unless nothing else is there.
var counties = setOf(`
	AVON;BEDFORDSHIRE;BEDS;BERKSHIRE;BERKS;BUCKINGHAMSHIRE;BUCKS;CAMBRIDGESHIRE;CAMBS;CHESHIRE;CLEVELAND;CORNWALL;CO DURHAM;
	CO. DURHAM;CO.DURHAM;COUNTY DURHAM;CUMBRIA;CUMBERLAND;DERBYSHIRE;DEVON;DORSET;EAST RIDING OF YORKSHIRE;EAST SUSSEX;
	EAST YORKSHIRE;ESSEX;GLOUCESTERSHIRE;GLOS;GREATER LONDON;GREATER MANCHESTER;HAMPSHIRE;HANTS;HEREFORDSHIRE;HERTFORDSHIRE;HERTS;
	HUMBERSIDE;ISLE OF MAN;ISLE OF WIGHT;KENT;LANCASHIRE;LANCS;LEICESTERSHIRE;LEICS;LINCOLNSHIRE;LINCS;MERSEYSIDE;MIDDLESEX;MIDDX;
	NORFOLK;NORTH EAST LINCOLNSHIRE;NORTH HUMBERSIDE;NORTH LINCOLNSHIRE;NORTH SOMERSET;NORTH YORKSHIRE;N YORKSHIRE;
	NORTHAMPTONSHIRE;NORTHANTS;NORTHUMBERLAND;NOTTINGHAMSHIRE;NOTTS;OXFORDSHIRE;OXON;RUTLAND;SHROPSHIRE;SALOP;SOMERSET;
	SOUTH GLOUCESTERSHIRE;SOUTH HUMBERSIDE;SOUTH YORKSHIRE;STAFFORDSHIRE;STAFFS;SUFFOLK;SURREY;SUSSEX;TYNE & WEAR;TYNE AND WEAR;
	WARWICKSHIRE;WEST MIDLANDS;WEST SUSSEX;WEST YORKSHIRE;WILTSHIRE;WILTS;WORCESTERSHIRE;WORCS;YORKSHIRE;
	CARMARTHENSHIRE;CEREDIGION;CLWYD;DENBIGHSHIRE;DYFED;FLINTSHIRE;GLAMORGAN;GWENT;GWYNEDD;MID GLAMORGAN;MONMOUTHSHIRE;
	PEMBROKESHIRE;POWYS;RHONDDA CYNON TAF;SOUTH GLAMORGAN;TORFAEN;VALE OF GLAMORGAN;WEST GLAMORGAN;ISLE OF ANGLESEY;
	ENGLAND;WALES;UNITED KINGDOM;UK`)

func setOf(list string) map[string]bool {
	set := make(map[string]bool)
	for _, w := range strings.Split(list, ";") {
		set[strings.TrimSpace(w)] = true
	}
	return set
}

// PlaceOf finds the town in the lines of a postal address: the last line that is no county, and not the first
// line, which is the street or the building. Where nothing is left it is the county, or empty.
func PlaceOf(lines [5]string) string {
	var all []string
	for _, l := range lines {
		if l = strings.Join(strings.Fields(l), " "); l != "" {
			all = append(all, l)
		}
	}
	for i := len(all) - 1; i >= 1; i-- {
		if !counties[strings.ToUpper(all[i])] {
			return townOf(all[i])
		}
	}
	if len(all) > 1 {
		return all[1]
	}
	return ""
}

// townOf is the part after the last comma, unless that leaves nothing: "COLCHESTER RD,HEYBRIDGE".
func townOf(line string) string {
	if i := strings.LastIndexByte(line, ','); i >= 0 {
		if rest := strings.TrimSpace(line[i+1:]); rest != "" && !counties[strings.ToUpper(rest)] {
			return rest
		}
		return strings.TrimSpace(line[:i])
	}
	return line
}

// Change is what an import would do to one premises.
type Change uint8

const (
	Unchanged Change = iota
	Added
	Altered
	Closing   // was active, is closed in the file
	ReHomed   // belongs to another head office now
	Resting   // was active, is pending in the file: listed, and open no longer
	Confirmed // as it is, by another source or on a later day
)

func (c Change) String() string {
	switch c {
	case Unchanged:
		return "as it is"
	case Added:
		return "new"
	case Altered:
		return "changed"
	case Closing:
		return "closed"
	case ReHomed:
		return "re-homed"
	case Resting:
		return "pending"
	case Confirmed:
		return "confirmed"
	}
	return fmt.Sprintf("change %d", uint8(c))
}

// ChangeOf compares a premises as it is with what the file says. That it is active no longer says more than a new head
// office, and that more than a new telephone number.
func ChangeOf(have *Organisation, say Organisation) Change {
	switch {
	case have == nil:
		return Added
	case have.Status == Active && say.Status == Closed:
		return Closing
	case have.Status == Active && say.Status == Pending:
		return Resting
	case have.Parent != say.Parent:
		return ReHomed
	}
	if same := *have; !sameFacts(same, say) {
		return Altered
	}
	return Unchanged
}

// sameFacts compares what the file gives; the place may have been corrected by hand.
func sameFacts(a, b Organisation) bool {
	a.ID, b.ID = 0, 0
	a.Place, b.Place = "", ""
	return a == b
}

// MayClose says whether a file may take so many of the active premises out of service, closed or pending (Rules 1).
func MayClose(closing, active int, told bool, p policy.Organisation) haven.Verdict {
	if told || closing*1000 <= active*p.ClosePerMille {
		return haven.Allow("organisation.import")
	}
	return haven.Refuse("organisation.closures", fmt.Sprintf("The file would close or suspend %d of %d active premises, more than %s of them. Look at the list, and say that it may if it is right.",
		closing, active, percent(p.ClosePerMille)))
}

func percent(perMille int) string {
	return strings.TrimSuffix(fmt.Sprintf("%d.%d", perMille/10, perMille%10), ".0") + " %"
}
