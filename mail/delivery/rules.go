package delivery

import (
	"strings"
	"unicode"
)

// suspicion is what is thought of an attachment by its name and type alone.
type suspicion uint8

const (
	harmless suspicion = iota
	look               // its content decides: it may hold programs or macros
	remove             // a program, or a document made to hold macros
)

// Kinds of files, by the ending of their names (Rules 10). A program is what a pharmacy's computer would run when
// somebody opens it.
var (
	programs = endings(`ade adp app application appref-ms appx appxbundle bas bat cab chm cmd com cpl diagcab dll
		exe fxp gadget grp hlp hpj hta htc inf ins isp jar jnlp js jse ksh lnk mad maf mag mam maq mar mas mat mau mav maw
		mcf mda mde mdt mdw mdz msc msh msh1 msh2 mshxml msi msix msixbundle msp mst msu ocx ops osd pcd pif pl plg prf
		prg printerexport ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psdm1 psm1 py pyc pyo pyw pyz pyzw reg scf scr sct sh shb
		shs sys theme tmp url vb vbe vbp vbs vhd vhdx vsmacros vsw vxd webpnp website ws wsb wsc wsf wsh xbap xll xnk`)
	withMacros = endings(`docm dotm xlsm xltm xlam pptm potm ppam ppsm sldm accda accdb accdr accdu`)
	mayHold    = endings(`doc dot wiz xls xlt xla xlm xlw xlsb ppt pot pps ppa docx dotx xlsx xltx pptx potx ppsx pub vsd zip zipx iso img rtf csv xml`)
	plain      = endings(`txt text log md pdf png jpg jpeg gif webp bmp tif tiff heic svg ics vcf eml odt ods odp htm html json asc sig p7s`)
)

func endings(s string) map[string]bool {
	m := make(map[string]bool)
	for _, e := range strings.Fields(s) {
		m[e] = true
	}
	return m
}

// ending is what decides what Windows does with a file: lower case, behind the last dot, with the dots and spaces at
// the end gone that Windows drops, and without the invisible characters that turn a name round.
func ending(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || unicode.IsControl(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
	name = strings.TrimRight(name, ". \u00a0")
	if stream := strings.LastIndexByte(name, ':'); stream >= 0 { // "a.exe:x" names a stream of a.exe
		name = strings.TrimRight(name[:stream], ". ")
	}
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return ""
	}
	return name[dot+1:]
}

// suspect judges a part by the names that the sender gave it and by its type, in lower case.
func suspect(names []string, typ string) suspicion {
	worst := suspectType(typ)
	known := false
	for _, name := range names {
		e := ending(name)
		switch {
		case programs[e] || withMacros[e]:
			return remove
		case mayHold[e]:
			worst = max(worst, look)
		}
		known = known || plain[e]
	}
	if worst == harmless && !known && strings.HasPrefix(typ, "application/") {
		return look // a name that says nothing, and a type that says little
	}
	return worst
}

func suspectType(typ string) suspicion {
	switch typ {
	case "application/x-msdownload", "application/x-msdos-program", "application/x-dosexec", "application/x-ms-installer",
		"application/vnd.microsoft.portable-executable", "application/hta", "application/java-archive", "application/x-msi",
		"application/x-ms-shortcut", "application/x-executable", "application/x-bat", "application/x-vbs":
		return remove
	case "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint", "application/zip",
		"application/x-zip-compressed":
		return look
	}
	switch {
	case strings.Contains(typ, "macroenabled"):
		return remove
	case strings.HasPrefix(typ, "application/vnd.openxmlformats-officedocument."):
		return look
	}
	return harmless
}
