#!/bin/sh
# The plain way that guides describe: one component after the other, `./configure && make -j2 && make install`.
#
#   guide.sh SOURCES WORK JOBS
#
# SOURCES is crosspython's store, each archive at AB/SHA256/NAME; WORK is made new. The same components and
# versions as `scons target=rv1126`, each built with its own defaults where a guide would leave them.
set -eu
sources=$1 work=$2 jobs=$3
triplet=arm-linux-gnueabihf
prefix=/opt/python
sysroot=$work/sysroot
stage=$work/stage
cpu="-mcpu=cortex-a7 -mfpu=neon-vfpv4 -mfloat-abi=hard"
build=$(uname -m)-pc-linux-gnu
rm -rf "$work"
mkdir -p "$sysroot/usr" "$work/logs" "$work/src"

unpack() { # NAME PATTERN: unpack the archive that matches to $work/src/NAME
    mkdir "$work/src/$1"
    tar -C "$work/src/$1" --strip-components=1 -xf "$(find "$sources" -maxdepth 3 -type f -name "$2" | head -n 1)"
    cd "$work/src/$1"
}
use() { # what was installed so far is what the next one sees
    cp -a "$stage$prefix/." "$sysroot/usr/"
    rm -f "$sysroot"/usr/lib/*.la
    sed -i "s#$prefix#$sysroot/usr#g" "$sysroot"/usr/lib/pkgconfig/*.pc
}
cross() {
    CC="$triplet-gcc --sysroot=$sysroot $cpu -Wl,-rpath-link,/usr/$triplet/lib" CXX="$triplet-g++ --sysroot=$sysroot $cpu" \
    AR=$triplet-ar RANLIB=$triplet-ranlib READELF=$triplet-readelf \
    PKG_CONFIG_LIBDIR="$sysroot/usr/lib/pkgconfig" "$@"
}
plain() { # NAME PATTERN OPTION...: the three commands of every guide
    name=$1 pattern=$2
    shift 2
    unpack "$name" "$pattern"
    [ -x configure ] || autoreconf -fi
    cross ./configure --build="$build" --host=$triplet --prefix=$prefix "$@"
    cross make -j"$jobs"
    cross make install DESTDIR="$stage"
    use
}

{
    unpack build-python 'Python-3.13.5.tar*'
    ./configure --prefix="$work/build-python"
    make -j"$jobs"
    make install

    unpack zlib 'zlib*'
    CHOST=$triplet CFLAGS="-O3 $cpu" ./configure --prefix=$prefix
    make -j"$jobs"
    make install DESTDIR="$stage"
    use

    unpack openssl 'openssl*'
    perl ./Configure linux-armv4 --cross-compile-prefix=$triplet- --prefix=$prefix --libdir=lib --openssldir=/etc/ssl shared no-tests
    make -j"$jobs"
    make install_sw DESTDIR="$stage"
    use

    unpack bzip2 'bzip2*'
    make -f Makefile-libbz2_so CC="$triplet-gcc $cpu" -j"$jobs"
    cp -a libbz2.so.1.0 libbz2.so.1.0.8 "$stage$prefix/lib/"
    ln -sf libbz2.so.1.0 "$stage$prefix/lib/libbz2.so"
    cp bzlib.h "$stage$prefix/include/"

    plain xz 'xz*'
    plain libffi 'libffi*' --disable-multi-os-directory --disable-docs
    plain sqlite 'sqlite*' --disable-tcl --disable-readline
    plain ncurses 'ncurses*' --with-shared --enable-widec --enable-overwrite --enable-pc-files \
        --with-pkg-config-libdir=$prefix/lib/pkgconfig --without-cxx-binding --without-manpages --disable-stripping \
        --without-ada --disable-db-install --without-tests --without-progs
    unpack readline 'readline*'
    bash_cv_termcap_lib=libncursesw cross ./configure --build="$build" --host=$triplet --prefix=$prefix --with-curses
    cross make -j"$jobs" SHLIB_LIBS=-lncursesw
    cross make install DESTDIR="$stage"
    use
    plain libuuid 'util-linux*' --disable-all-programs --enable-libuuid --disable-nls --without-python

    unpack python 'Python-3.13.5.tar*'
    cross ./configure --build="$build" --host=$triplet --prefix=$prefix --enable-shared --without-ensurepip \
        --with-build-python="$work/build-python/bin/python3" \
        ac_cv_file__dev_ptmx=yes ac_cv_file__dev_ptc=no ac_cv_buggy_getaddrinfo=no
    cross make -j"$jobs"
    cross make install DESTDIR="$stage"
    tar -C "$stage$prefix/.." -czf "$work/python.tar.gz" python
} > "$work/logs/guide.log" 2>&1
