// Package attachment judges files that come with letters: programs, documents with macros, and archives that hold
// either or that can't be looked into (Rules 10). It decides by names and types first, and by the content where these
// leave it open; the content is read as a stream, in bounded memory and time, and nothing of it is ever run.
package attachment

import (
	"strings"
	"unicode"
)

// Suspicion is what is thought of a file by its name and type alone.
type Suspicion uint8

// The suspicions, the least first.
const (
	Harmless Suspicion = iota
	Look               // its content decides: see Harmful
	Remove             // a program, a document made to hold macros, or an archive that can't be looked into
)

// Kinds of files, by the ending of their names. A program is what a pharmacy's computer would run when somebody opens
// it. What is closed may hold programs and can't be looked into here, nor opened on a computer without extra software;
// disk images are among them, since Windows opens them like a folder, without the mark of what came from outside.
var (
	programs = endings(`ade adp apk app appcontent-ms appimage applescript application appref-ms appx appxbundle ax bas
		bash bat cab cdxml chm cmd com command cpl csh desktop diagcab dll drv efi elf exe fxp gadget grp hlp hpj hta htc
		inf ins iqy isp jar jnlp js jse ksh library-ms lnk mad maf mag mam maq mar mas mat mau mav maw mcf mda mde mdt mdw
		mdz mpkg msc msh msh1 msh2 mshxml msi msix msixbundle msp mst msu mui ocx ops oqy osd pcd pif pkg pl plg ppkg prf
		prg printerexport ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psdm1 psm1 py pyc pyo pyw pyz pyzw rdp reg rqy run scf scpt
		scr sct search-ms searchconnector-ms settingcontent-ms sh shb shs slk sys terminal theme tmp tool udl url vb vbe vbp
		vbs vsmacros vsto vsw vxd webpnp website wll ws wsb wsc wsf wsh xbap xll xnk`)
	withMacros = endings(`docm dotm xlsm xltm xlam pptm potm ppam ppsm sldm accda accdb accde accdr accdt accdu mdb vsdm
		vssm vstm`)
	closed = endings(`7z rar ace alz arc arj cpio deb lha lz lz4 lzh lzma lzo rpm swm tlz txz tzst wim xar xz z zoo
		zst hqx sit sitx uu uue xxe iso img dmg toast udf vhd vhdx vmdk one onepkg`)
	mayHold = endings(`doc dot wiz xls xlt xla xlm xlw xlsb ppt pot pps ppa docx dotx xlsx xltx pptx potx ppsx pub vsd
		vsdx vss vssx vst vstx odt ott ods ots odp otp odg zip zipx gz tgz bz2 tbz tbz2 tar rtf csv xml eml mht mhtml msg
		p7m`)
	packed = endings(`gz bz2`) // the name of what is within stands before
	plain  = endings(`txt text log md pdf png jpg jpeg gif webp bmp tif tiff heic svg ics vcf htm html json asc sig p7s`)
)

func endings(s string) map[string]bool {
	m := make(map[string]bool)
	for _, e := range strings.Fields(s) {
		m[e] = true
	}
	return m
}

// cutEnding is a name and its ending, which decides what Windows does with the file: lower case, behind the last dot,
// with the dots and spaces at the end gone that Windows drops, and the quotation marks that mail programs do, and without
// the invisible characters that turn a name round.
func cutEnding(name string) (stem, ending string) {
	name = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || unicode.IsControl(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
	name = strings.Trim(name, ". \u00a0'\"")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if len(name) > 2 && name[1] == ':' { // of a drive
		name = name[2:]
	}
	if stream := strings.IndexByte(name, ':'); stream >= 0 { // "a.exe:x" and "a.exe::$DATA" name streams of a.exe
		name = strings.TrimRight(name[:stream], ". \u00a0")
	}
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return name, ""
	}
	return name[:dot], name[dot+1:]
}

// Suspect judges a file by the names that its sender gave it and by its media type, in lower case.
func Suspect(names []string, typ string) Suspicion {
	worst := suspectType(typ)
	known, unknown := false, false
	for _, name := range names {
		stem, e := cutEnding(name)
		if packed[e] {
			worst = max(worst, Look)
			_, e = cutEnding(stem)
		}
		switch {
		case programs[e] || withMacros[e] || closed[e]:
			return Remove
		case mayHold[e]:
			worst = max(worst, Look)
		}
		known, unknown = known || plain[e], unknown || name != "" && !plain[e]
	}
	if worst == Harmless && (unknown || !known) && strings.HasPrefix(typ, "application/") {
		return Look // a name that says nothing, and a type that says little
	}
	return worst
}

// suspectEntry judges a file within an archive by its name there.
func suspectEntry(name string) Suspicion {
	name = strings.ReplaceAll(name, `\`, "/")
	if strings.HasSuffix(strings.ToLower(name), "vbaproject.bin") || strings.Contains(strings.ToLower(name), "/macrosheets/") {
		return Remove // what makes an office document one with macros
	}
	if path := strings.Split(strings.ToLower(name), "/"); len(path) == 3 && path[0] == "basic" && strings.HasSuffix(path[2], ".xml") && !strings.HasPrefix(path[2], "script-l") {
		return Remove // and one of OpenDocument: Basic, library, module
	}
	return Suspect([]string{name}, "application/octet-stream")
}

func suspectType(typ string) Suspicion {
	switch typ {
	case "application/x-msdownload", "application/x-msdos-program", "application/x-dosexec", "application/x-ms-installer",
		"application/vnd.microsoft.portable-executable", "application/hta", "application/java-archive", "application/x-msi",
		"application/x-ms-shortcut", "application/x-executable", "application/x-bat", "application/x-vbs",
		"text/javascript", "application/javascript", "application/x-javascript", "text/vbscript", "application/x-sh",
		"message/partial", // a piece of a letter, which tells nothing of the whole
		"application/x-7z-compressed", "application/vnd.rar", "application/x-rar-compressed", "application/x-iso9660-image":
		return Remove
	case "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint", "application/zip",
		"application/x-zip-compressed", "application/gzip", "application/x-gzip", "application/x-tar", "application/ms-tnef",
		"application/pkcs7-mime", "application/x-pkcs7-mime":
		return Look
	}
	switch {
	case strings.HasPrefix(typ, "application/vnd.ms-excel.sheet.binary.macroenabled"):
		return Look // what has no macros has this type too
	case strings.Contains(typ, "macroenabled"):
		return Remove
	case strings.HasPrefix(typ, "application/vnd.openxmlformats-officedocument."):
		return Look
	}
	return Harmless
}
