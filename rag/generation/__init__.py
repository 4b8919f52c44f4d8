"""Run language models: registry, chat model, worker process, decoding and prompts."""
