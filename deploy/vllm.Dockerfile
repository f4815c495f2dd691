# vLLM with what s1m needs of a server, on NVIDIA GPUs: s1m serve, with vLLM in the same image.
#   docker build -f deploy/vllm.Dockerfile -t s1m-vllm .
#   docker run --rm --gpus all --ipc host -p 8000:8000 -v ~/.cache/huggingface:/root/.cache/huggingface \
#       s1m-vllm Qwen/Qwen2-VL-7B-Instruct --host 0.0.0.0
FROM vllm/vllm-openai:v0.32.0
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY pyproject.toml README.md LICENSE /src/
COPY src /src/src
# vLLM's image has torch and all else that the base package needs; its versions stay as they are.
RUN pip install /src
ENTRYPOINT ["s1m", "serve"]
