#!/bin/bash
# Postfix and Dovecot from Debian on loopback, for `make bench` to compare with. All they write is below one folder.
#   bench/peers.sh start [USERS]   start with user1@bench.test to userN@bench.test (100); prints the ports
#   bench/peers.sh run [USERS]     the same, until standard input ends: whoever holds the pipe can't leave them behind
#   bench/peers.sh stop            end them, mail stays
#   bench/peers.sh wipe            end them and remove the folder
# PEER_DIR, PEER_PASSWORD, PEER_SMTP, PEER_LMTP, PEER_IMAP, PEER_IMAPS (ports) say where. PEER_HIBERNATE=5s puts idle
# sessions of Dovecot to sleep. Mail goes SMTP, Postfix's queue, LMTP, Dovecot (mdbox, synced), IMAP.
set -eu
dir=${PEER_DIR:-${TMPDIR:-/tmp}/haven-peers}
password=${PEER_PASSWORD:-pw}
smtp=${PEER_SMTP:-3525} lmtp=${PEER_LMTP:-3424} imap=${PEER_IMAP:-3143} imaps=${PEER_IMAPS:-3993}
trap '' INT # Ctrl-C is for whoever called

fail() { echo "peers: $*" >&2; exit 1; }

configure_dovecot() {
  mkdir -p "$dir"/{mail,dovecot}
  chown mail:mail "$dir/mail"
  seq -f "user%.0f@bench.test:{PLAIN}$password::::::" "$1" >"$dir/users"
  [ -e "$dir/cert.pem" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
    -subj /CN=localhost -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
  cat >"$dir/dovecot.conf" <<C
base_dir = $dir/dovecot
log_path = $dir/dovecot.log
listen = 127.0.0.1
protocols = imap lmtp
ssl = yes
ssl_cert = <$dir/cert.pem
ssl_key = <$dir/key.pem
disable_plaintext_auth = no
mail_location = mdbox:$dir/mail/%u
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
mail_fsync = optimized
mail_max_userip_connections = 100000
default_vsz_limit = 2G
imap_hibernate_timeout = ${PEER_HIBERNATE:-0}
passdb {
  driver = passwd-file
  args = $dir/users
}
userdb {
  driver = static
  args = uid=mail gid=mail home=$dir/mail/%u
}
service imap-login {
  inet_listener imap {
    port = $imap
  }
  inet_listener imaps {
    port = $imaps
    ssl = yes
  }
  service_count = 0
  process_min_avail = 2
  client_limit = 20000
}
service imap {
  process_limit = 19000
  service_count = 256
  unix_listener imap-master {
    user = dovecot
  }
}
service imap-hibernate {
  client_limit = 20000
  unix_listener imap-hibernate {
    mode = 0666
  }
}
service lmtp {
  process_limit = 1000
  service_count = 0
  process_min_avail = 4
  inet_listener lmtp {
    address = 127.0.0.1
    port = $lmtp
  }
}
service anvil {
  client_limit = 20000
}
service auth {
  client_limit = 20000
}
service log {
  client_limit = 20000
}
service stats {
  client_limit = 20000
}
C
}

configure_postfix() {
  mkdir -p "$dir"/postfix/{etc,queue,data}
  chown postfix "$dir/postfix/data"
  cat >"$dir/postfix/etc/main.cf" <<C
compatibility_level = 3.6
queue_directory = $dir/postfix/queue
data_directory = $dir/postfix/data
maillog_file_prefixes = /var, $dir
maillog_file = $dir/postfix.log
myhostname = mx.bench.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
virtual_mailbox_domains = bench.test
virtual_transport = lmtp:inet:127.0.0.1:$lmtp
lmtp_destination_concurrency_limit = 50
lmtp_destination_recipient_limit = 1
default_process_limit = 200
message_size_limit = 50000000
C
  # Debian's own table of services, with our port and without chroot.
  sed -E "s/^smtp( +inet)/127.0.0.1:$smtp\1/; s/^(\S+ +(inet|unix|unix-dgram|pass) +\S+ +\S+ +)y /\1n /" \
    /usr/share/postfix/master.cf.dist >"$dir/postfix/etc/master.cf"
  grep -q '^postlog ' "$dir/postfix/etc/master.cf" ||
    echo 'postlog unix-dgram n - n - 1 postlogd' >>"$dir/postfix/etc/master.cf"
}

answers() { { exec 3<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null && exec 3>&-; }

start() {
  [ "$(id -u)" = 0 ] || fail "Postfix and Dovecot start as root only"
  mkdir -p "$dir"
  chmod 755 "$dir"
  configure_dovecot "$1"
  configure_postfix
  ulimit -n "$(ulimit -Hn)"
  setsid dovecot -c "$dir/dovecot.conf" </dev/null >"$dir/start.log" 2>&1 || fail "dovecot: $(tail -n 3 "$dir/start.log")"
  setsid postfix -c "$dir/postfix/etc" start </dev/null >>"$dir/start.log" 2>&1 || fail "postfix: $(tail -qn 3 "$dir/start.log" "$dir/postfix.log" 2>&1)"
  for _ in $(seq 100); do
    if answers "$smtp" && answers "$imap" && answers "$imaps"; then
      echo "ready smtp=$smtp imap=$imap imaps=$imaps"
      return
    fi
    sleep 0.1
  done
  fail "they do not answer: $(tail -n 3 "$dir/start.log" "$dir"/*.log)"
}

# ended waits for a process that is not our child; after ten seconds it is killed.
ended() {
  for _ in $(seq 100); do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  pkill -KILL -P "$1" || true
  kill -KILL "$1" 2>/dev/null || true
}

stop() {
  if [ -e "$dir/postfix/queue/pid/master.pid" ]; then
    pid=$(tr -d ' ' <"$dir/postfix/queue/pid/master.pid")
    postfix -c "$dir/postfix/etc" stop >>"$dir/start.log" 2>&1 || true
    ended "$pid"
  fi
  if [ -e "$dir/dovecot/master.pid" ]; then
    pid=$(cat "$dir/dovecot/master.pid")
    kill "$pid" 2>/dev/null || true
    ended "$pid"
  fi
}

case ${1:-} in
start) start "${2:-100}" ;;
run)
  trap stop EXIT
  start "${2:-100}"
  cat >/dev/null
  ;;
stop) stop ;;
wipe)
  stop
  rm -rf "$dir"
  ;;
*)
  sed -n 2,9p "$0"
  exit 2
  ;;
esac
