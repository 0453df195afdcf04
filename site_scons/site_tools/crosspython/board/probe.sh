# What a board is and has, told in lines of "$mark KEY VALUE". POSIX and BusyBox alone; nothing is left behind.
#
# Given: mark; tools, loaders: what the tree needs; prefix, parent, versions, manifest: where things are there.

tell() { echo "$mark$*"; }

tell machine "$(uname -m)"
tell kernel "$(uname -r)"
tell clock "$(date +%s)"
for tool in $tools; do command -v "$tool" >/dev/null || tell lacks "$tool"; done

for loader in /lib/ld-*.so.[0-9]* /lib64/ld-*.so.[0-9]* /lib32/ld-*.so.[0-9]*; do
    [ -e "$loader" ] && tell has-loader "$loader"
done
for loader in $loaders; do
    [ -e "$loader" ] || { tell no-loader "$loader"; continue; }
    # One that starts says so, whatever it makes of the option: glibc's before 2.33 takes it for a program's name.
    said=$("$loader" --version 2>&1 </dev/null)
    case $said in
        *"shared object"* | *"shared librar"* | *[Vv]"ersion "* | *[Uu]sage* | *[Ss]tandalone*) tell runs "$loader" ;;
        *"xec format"* | *"annot execute"* | *"ot found"* | *"yntax error"* | *"ermission denied"* | *"llegal instr"*)
            tell dead-loader "$loader: $(echo "$said" | tail -n 1)" ;;
    esac
    # It runs the libc, which prints its version, even where that file may not be executed.
    for libc in /lib*/libc.so.6 /lib/*/libc.so.6 /usr/lib*/libc.so.6 /usr/lib/*/libc.so.6; do
        [ -e "$libc" ] && "$loader" "$libc" 2>/dev/null </dev/null
    done | sed -n '/^GNU C Library/{s/.*version \([0-9.]*[0-9]\).*/'"$mark"'libc glibc \1/p;q;}'
    echo "$said" | sed -n 's/^ld.so .*version \([0-9.]*[0-9]\).*/'"$mark"'libc glibc \1/p'
done

folder=$parent
while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
# BusyBox's `[ -w ]` tells root yes, also of a file system that is read-only: only trying tells.
try=$folder/.crosspython-try-$$
if said=$({ printf '#!/bin/sh\n' >"$try" && chmod 755 "$try"; } 2>&1); then
    said=$("$try" 2>&1 </dev/null) || tell not-executable "$folder: ${said##*: }"
    said=$(ln -s nothing "$try-link" 2>&1) || tell no-links "$folder: ${said##*: }"
else
    tell not-writable "$folder: ${said##*: }"
fi
rm -f "$try" "$try-link"
set -- $(df -Pk "$folder" 2>/dev/null | tail -n 1)
[ $# -ge 6 ] && tell free "$4" && tell mount "$6"

# Where our OpenSSL looks, then where distributions keep theirs (Go's crypto/x509/root_linux.go lists them).
for place in /etc/ssl/certs/*.[0-9] /etc/ssl/cert.pem /etc/ssl/certs/ca-certificates.crt \
    /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/pki/tls/cacert.pem \
    /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem; do
    [ -s "$place" ] && tell certificates "$place" && break
done
# Where zoneinfo looks (CPython's --with-tzpath), and the package that it takes instead.
for place in /usr/share/zoneinfo /usr/lib/zoneinfo /usr/share/lib/zoneinfo /etc/zoneinfo \
    "$prefix"/lib/python3.*/site-packages/tzdata/zoneinfo; do
    [ -e "$place/UTC" ] || [ -e "$place/Etc/UTC" ] || [ -d "$place/Europe" ] && tell zones "$place" && break
done

if [ -L "$prefix" ]; then tell current "$(readlink "$prefix")"; elif [ -d "$prefix" ]; then tell folder yes; fi
[ -f "$prefix/$manifest" ] && sed "s/^/${mark}item /" "$prefix/$manifest"
# Packages of the tree that the board's own pip has replaced since: what told of their files is gone.
[ -f "$prefix/$manifest" ] && sed -n 's/^.*[[:blank:]]\(lib\/.*\.dist-info\/RECORD\)$/\1/p' "$prefix/$manifest" |
    while IFS= read -r record; do [ -e "$prefix/$record" ] || tell replaced "$record"; done
[ -f "$versions/previous" ] && tell previous "$(cat "$versions/previous")"
exit 0
