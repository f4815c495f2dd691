"""The engines that continue text: in this process, on a vLLM at token level, on any chat server, or from a script."""
