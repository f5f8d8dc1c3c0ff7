"""Fetch a sentence encoder from the Hugging Face Hub: safetensors only, chosen and measured first.

huggingface_hub does the fetching, into the ordinary Hub cache that other programs share.
"""

from encoder.hub.download import DownloadProgress, download
from encoder.hub.selection import select_files, valid_repo_id

__all__ = ["DownloadProgress", "download", "select_files", "valid_repo_id"]
