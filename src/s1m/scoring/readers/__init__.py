"""What an answer commits to, by the kind of answer a question asks for."""
