"""What the server keeps, for all and for each visitor. No gradio."""
