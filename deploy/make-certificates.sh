#!/bin/sh
# Make what rulec and kube-apiserver know each other by: a certificate authority, a certificate
# for an address signed by it, and a token.
#
#     deploy/make-certificates.sh FOLDER ADDRESS [ADDRESS...]
#
# They are good for a year; run it again for new ones.
set -eu
umask 077

if [ $# -lt 2 ]; then
    echo "usage: $0 FOLDER ADDRESS [ADDRESS...]" >&2
    exit 3
fi
folder=$1
shift
names=DNS:rulec.rulec.svc
for address; do
    names="$names,IP:$address"
done

mkdir -p "$folder"
cd "$folder"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 366 \
    -subj /CN=rulec-ca -addext keyUsage=critical,keyCertSign \
    -keyout ca.key -out ca.crt
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -subj /CN=rulec -keyout tls.key -out tls.csr
cat > tls.ext <<END
subjectAltName=$names
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
basicConstraints=critical,CA:FALSE
END
openssl x509 -req -in tls.csr -days 366 -CA ca.crt -CAkey ca.key -CAcreateserial \
    -extfile tls.ext -out tls.crt
openssl rand -hex 32 > token
rm -f tls.csr tls.ext ca.srl
